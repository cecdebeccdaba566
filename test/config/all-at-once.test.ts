// A wrong value hides no other problem. Contradictions are looked for among all values that are right.
import { describe, expect, test } from 'vitest';
import { failure, load, type Given } from './support.ts';

const env = { RELEASE_BUTTON_WORKER_BUTTONS: '' };

async function keysOf(given: Given): Promise<readonly string[]> {
  const { problems } = await failure({ env, ...given });
  return problems.map(({ key }) => key).toSorted();
}

describe('a wrong value hides no contradiction', () => {
  test.each([
    [
      'an unknown button, beside wrong numbers and a wrong selection',
      `worker:
  maxPressAgeMs: soon
  buttons: [{id: office, select: shop, coolDownMs: 2s}]
  presses: [{preset: tasmota, device: desk, button: ofice}]
  lights: [{preset: wled, device: lamp, button: nobody}]
`,
      [
        'worker.buttons[0].coolDownMs',
        'worker.buttons[0].select',
        'worker.lights[0].button',
        'worker.maxPressAgeMs',
        'worker.presses[0].button',
      ],
    ],
    [
      'an id twice, a gesture without an action and two equal presses, beside a wrong number elsewhere',
      `worker:
  buttons: [{id: a, select: {all: true}}, {id: a, select: {all: true}}]
  presses: [{topic: x, when: y, button: a, gesture: hold}, {topic: x, when: y, button: a, gesture: hold}]
  release: {concurrency: 0}
`,
      [
        'worker.buttons[1].id',
        'worker.presses[0].gesture',
        'worker.presses[1]',
        'worker.presses[1].gesture',
        'worker.release.concurrency',
      ],
    ],
    [
      'keys that an entry lacks, beside a wrong key of the entry',
      `worker:
  buttons: [{select: {all: true}}]
  presses: [{topic: x, gesture: tap}, {preset: tasmota, device: a, path: b, button: 5, edge: maybe}]
  lights: [{topic: x, button: Main}]
`,
      [
        'worker.lights[0]',
        'worker.lights[0].button',
        'worker.presses[0]',
        'worker.presses[0].gesture',
        'worker.presses[1]',
        'worker.presses[1].button',
        'worker.presses[1].edge',
      ],
    ],
    [
      'a loop, beside a wrong gesture',
      `worker:
  buttons: [{select: {all: true}}]
  presses: [{topic: cmnd/a/POWER, when: "ON", gesture: tap}]
  lights: [{topic: cmnd/a/POWER, signals: {other: "ON"}, againEveryMs: never}]
`,
      ['worker.lights[0]', 'worker.lights[0].againEveryMs', 'worker.presses[0].gesture'],
    ],
    [
      'a shared line and times in the wrong order, beside a wrong pull',
      `agent:
  buttons: [{line: 4, pull: left, gestures: [hold], holdMs: 60, debounceMs: 60}]
  leds: [{line: 4, activeLow: 1}]
worker: {buttons: []}
`,
      ['agent.buttons[0].holdMs', 'agent.buttons[0].pull', 'agent.leds[0].activeLow', 'agent.leds[0].line'],
    ],
    [
      'logins that contradict each other, beside wrong times and ports',
      `mqtt: {password: x, keepAliveSeconds: 0, reconnectMinMs: 5000, reconnectMaxMs: 1000}
argocd: {token: x, username: y, requestTimeoutMs: 5}
broker: {host: 0.0.0.0, port: 70000}
worker: {buttons: []}
`,
      [
        'argocd.requestTimeoutMs',
        'argocd.username',
        'broker.host',
        'broker.port',
        'mqtt.keepAliveSeconds',
        'mqtt.reconnectMinMs',
        'mqtt.username',
      ],
    ],
  ])('%s', async (_, file, keys) => {
    expect(await keysOf({ file })).toEqual(keys);
  });

  test('faults of environment variables and flags are reported even if the file is not YAML', async () => {
    const { problems } = await failure({
      file: 'mqtt: {url: "x',
      env: { RELEASE_BUTTON_WORKER_BUTTONS: '[{select: shop}]', RELEASE_BUTTON_BROKER_PORT: '70000' },
      flags: { 'log.level': 'loud' },
    });
    expect(problems.map(({ key }) => key).toSorted()).toEqual([
      'broker.port',
      'config/release-button.yaml',
      'log.level',
      'worker.buttons[0].select',
    ]);
  });
});

describe('an unknown value contradicts nothing', () => {
  test.each([
    [
      'a button whose id is wrong may be the button that another key names',
      'worker: {buttons: [{id: Office, select: {all: true}}], presses: [{topic: a, when: b, button: office}]}',
      ['worker.buttons[0].id'],
    ],
    [
      'a button whose key id is misspelt is not called main',
      'worker: {buttons: [{select: {all: true}}, {ide: office, select: {all: true}}], presses: [{topic: a, when: b, button: office}]}',
      ['worker.buttons[1].ide'],
    ],
    [
      'buttons that are not a list',
      'worker: {buttons: {select: {all: true}}, presses: [{topic: a, when: b, button: office}]}',
      ['worker.buttons'],
    ],
    [
      'a wrong sample time contradicts no debounce time',
      'agent: {sampleMs: x, buttons: [{debounceMs: 1}]}\nworker: {buttons: []}',
      ['agent.sampleMs'],
    ],
    [
      'a wrong line is not line 17',
      'agent: {buttons: [{line: -1}, {id: b, line: 17}]}\nworker: {buttons: []}',
      ['agent.buttons[0].line'],
    ],
    [
      'a misspelt preset still is a preset',
      'worker: {buttons: [{select: {all: true}}], presses: [{preset: zigbee, device: a, base: b, input: 1}], lights: [{preset: wed, device: a, base: b, signals: {other: 1}}]}',
      ['worker.lights[0].preset', 'worker.presses[0].preset'],
    ],
    [
      'a wrong user name still is a user name',
      'mqtt: {username: "", password: x}\nworker: {buttons: []}',
      ['mqtt.username'],
    ],
    [
      'a broker for which it is unclear whom it serves',
      'broker: {host: 0.0.0.0, allowAnonymousBeyondLoopback: sure}\nworker: {buttons: []}',
      ['broker.allowAnonymousBeyondLoopback'],
    ],
  ])('%s', async (_, file, keys) => {
    expect(await keysOf({ file })).toEqual(keys);
  });
});

describe('a wrong value in a weaker source is not a problem if a stronger source has a correct one', () => {
  test.each<[string, Given]>([
    ['a map for a list', { file: 'agent: {buttons: {line: 4}}', flags: { 'agent.buttons': '[{line: 4}]' } }],
    ['a value in quotes', { env: { RELEASE_BUTTON_LOG_LEVEL: '"info"' }, flags: { 'log.level': 'info' } }],
    ['a list that is not one', { env: { RELEASE_BUTTON_AGENT_LEDS: '[' }, flags: { 'agent.leds': '[]' } }],
    [
      'a value that can be read in two ways',
      {
        file: 'worker: {lights: [{topic: a, signals: {other: True}}]}',
        env: { RELEASE_BUTTON_WORKER_LIGHTS: '[]' },
      },
    ],
  ])('%s', async (_, given) => {
    await expect(load(given)).resolves.toBeDefined();
  });
});
