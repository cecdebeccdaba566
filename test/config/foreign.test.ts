// Buttons and lamps of others in the configuration: what is refused at the start, and the message that a person reads.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { signals } from '../../messages/button.ts';
import { triggerOf } from '../../messages/foreign-presses.ts';
import { failure, load, onlyProblem } from './support.ts';

const press = (entry: string, otherKeys = '') => `worker: {presses: [${entry}]${otherKeys}}`;
const light = (entry: string, otherKeys = '') => `worker: {lights: [${entry}]${otherKeys}}`;

describe('an entry of worker.presses', () => {
  test.each([
    ['{preset: zigbee2mqtt, device: big-red}', 'zigbee2mqtt/big-red', ['single']],
    [
      '{preset: zigbee2mqtt, base: home/z2m, device: hall/big red, when: double}',
      'home/z2m/hall/big red',
      ['double'],
    ],
    ['{preset: shelly-gen1, device: shellyix3-A, input: 2}', 'shellies/shellyix3-A/input_event/2', ['S']],
    [
      '{preset: shelly-gen2, device: home/plus, when: [single_push, long_push]}',
      'home/plus/events/rpc',
      ['single_push', 'long_push'],
    ],
    ['{preset: tasmota, device: desk, input: 2}', 'stat/desk/RESULT', ['SINGLE']],
    ['{preset: esphome, device: desk, input: big_red}', 'desk/binary_sensor/big_red/state', ['ON']],
    ['{topic: a/b, when: [1, true, x]}', 'a/b', ['1', 'true', 'x']],
    ['{topic: a/b, when: True}', 'a/b', ['True']],
    [
      '{topic: a/b, when: [TRUE, 01, 1.0, 0x10, 1e3, .inf, &a 007, *a]}',
      'a/b',
      ['TRUE', '01', '1.0', '0x10', '1e3', '.inf', '007', '007'],
    ],
  ])('of the form %s is accepted', async (entry, topic, when) => {
    const { config } = await load({ file: press(entry) });
    expect(config.worker.presses.map(triggerOf)).toMatchObject([{ topic, when }]);
    expect(config.worker.presses).toMatchObject([{ button: 'main', gesture: 'press' }]);
  });

  test.each([
    ['{preset: shelly-gen2, device: gw, component: bthomedevice:200}', ['component bthomedevice:200']],
    [
      '{preset: shelly-gen2, device: gw, component: bthomedevice:200, input: 2}',
      ['component bthomedevice:200', 'idx 2'],
    ],
    ['{topic: a, path: p, when: x, where: {b.c: 01, d: [True, y]}}', ['b.c 01', 'd True,y']],
  ])('of the form %s may use other members too, which keep their spelling', async (entry, conditions) => {
    const { config } = await load({ file: press(entry) });
    const [trigger] = config.worker.presses.map(triggerOf);
    expect(trigger?.where.map(({ path, values }) => `${path.join('.')} ${values.join(',')}`)).toEqual(
      conditions,
    );
  });

  test.each([
    ['{when: single}', 'worker.presses[0]', 'either `preset` or `topic`'],
    [
      '{preset: zigbee2mqtt, device: a, topic: b, when: x}',
      'worker.presses[0]',
      'either `preset` or `topic`',
    ],
    ['{preset: zigbee2mqtt}', 'worker.presses[0]', 'no `device`'],
    ['{preset: tasmota, device: a, path: b}', 'worker.presses[0]', 'which the preset already decides'],
    ['{preset: tasmota, device: a, counter: b}', 'worker.presses[0]', 'which the preset already decides'],
    ['{preset: tasmota, device: a, edge: true}', 'worker.presses[0]', 'which the preset already decides'],
    ['{topic: a, when: x, device: b}', 'worker.presses[0]', 'belong to a preset'],
    ['{topic: a, when: x, input: 1}', 'worker.presses[0]', 'belong to a preset'],
    ['{topic: a, when: x, component: "b:1"}', 'worker.presses[0]', 'belong to a preset'],
    [
      '{preset: shelly-gen2, device: a, where: {b: c}}',
      'worker.presses[0]',
      'which the preset already decides',
    ],
    ['{preset: tasmota, device: a, component: "b:1"}', 'worker.presses[0]', 'only shelly-gen2 has'],
    ['{topic: a, when: x, where: {b: c}}', 'worker.presses[0]', 'no `path`'],
    ['{topic: a, when: x, path: p, where: {}}', 'worker.presses[0].where', 'must name 1 to 10 members'],
    ['{topic: a, when: x, path: p, where: b}', 'worker.presses[0].where', ''],
    ['{topic: a, when: x, path: p, where: {b..c: d}}', 'worker.presses[0].where', 'separated by dots'],
    ['{topic: a}', 'worker.presses[0]', 'no `when`'],
    ['{topic: a, when: x, counter: n, edge: true}', 'worker.presses[0]', 'both `counter` and `edge`'],
    ['{preset: esphome, device: a}', 'worker.presses[0]', 'has no `input`, or one of the wrong kind'],
    [
      '{preset: esphome, device: a, input: 1}',
      'worker.presses[0]',
      'has no `input`, or one of the wrong kind',
    ],
    [
      '{preset: tasmota, device: a, input: Button1}',
      'worker.presses[0]',
      'has no `input`, or one of the wrong kind',
    ],
    ['{preset: tasmota, base: b, device: a}', 'worker.presses[0]', 'only zigbee2mqtt has'],
    ['{preset: zigbee, device: a}', 'worker.presses[0].preset', 'must be one of zigbee2mqtt'],
    ['{preset: zigbee2mqtt, device: "+"}', 'worker.presses[0].device', 'without + and #'],
    ['{preset: zigbee2mqtt, device: "a/#"}', 'worker.presses[0].device', 'without + and #'],
    ['{preset: zigbee2mqtt, device: "a\\u0000"}', 'worker.presses[0].device', 'printable'],
    ['{preset: zigbee2mqtt, device: a/}', 'worker.presses[0].device', 'not ending with /'],
    ['{topic: /a, when: x}', 'worker.presses[0].topic', 'not beginning with'],
    ['{topic: a/+/b, when: x}', 'worker.presses[0].topic', 'without + and #'],
    ['{topic: $SYS/broker/uptime, when: x}', 'worker.presses[0].topic', 'not beginning with $'],
    ['{topic: a, when: [null]}', 'worker.presses[0].when', 'must be text'],
    ['{topic: a, when: ""}', 'worker.presses[0].when', 'must be text'],
    ['{topic: a, when: []}', 'worker.presses[0].when', 'must be text'],
    ['{topic: a, when: {b: c}}', 'worker.presses[0].when', 'must be text'],
    ['{topic: a, when: x, path: a..b}', 'worker.presses[0].path', 'separated by dots'],
    ['{topic: a, when: x, button: nobody}', 'worker.presses[0].button', 'that worker.buttons does not have'],
    ['{topic: a, when: x, gesture: hold}', 'worker.presses[0].gesture', 'would never do anything'],
    ['{topic: a, when: x, gesture: tap}', 'worker.presses[0].gesture', 'must be one of press'],
    ['{topic: a, when: x, wehn: y}', 'worker.presses[0].wehn', ''],
    ['{topic: a, when: x}, {topic: a, when: [x]}', 'worker.presses[1]', 'has the same effect as presses[0]'],
  ])('of the form %s is refused', async (entry, key, message) => {
    const problem = await onlyProblem({ file: press(entry) });
    expect(problem.key).toBe(key);
    expect(problem.message).toContain(message);
    expect(problem.remedy).not.toBe('');
  });

  test('may press two buttons with one message, and one button may have two entries', async () => {
    const buttons = ', buttons: [{select: {all: true}}, {id: two, select: {all: true}}]';
    const env = { RELEASE_BUTTON_WORKER_BUTTONS: '' };
    const file = press('{topic: a, when: x}, {topic: a, when: x, button: two}, {topic: a, when: y}', buttons);
    await expect(load({ file, env })).resolves.toBeDefined();
  });
});

describe('an entry of worker.lights', () => {
  test.each([
    ['{}', 'worker.lights[0]', 'either `preset` or `topic`'],
    ['{preset: wled}', 'worker.lights[0]', '`device` with a `preset`'],
    ['{topic: a, device: b, signals: {other: x}}', 'worker.lights[0]', '`device` with a `preset`'],
    ['{topic: a}', 'worker.lights[0]', 'no `signals`'],
    ['{preset: wled, device: a, base: b}', 'worker.lights[0]', 'only zigbee2mqtt has'],
    [
      '{topic: a, signals: {drifted: x}}',
      'worker.lights[0].signals',
      signals.filter((signal) => signal !== 'drifted').join(', '),
    ],
    ['{topic: a, signals: {drift: x, other: y}}', 'worker.lights[0].signals.drift', ''],
    ['{topic: a, signals: {drifted: [1], other: y}}', 'worker.lights[0].signals.drifted', 'must be text'],
    ['{topic: a, signals: {drifted: True, other: y}}', 'worker.lights[0].signals.drifted', 'the text `True`'],
    ['{topic: a, signals: {drifted: 01, other: y}}', 'worker.lights[0].signals.drifted', 'the text `01`'],
    ['{topic: a, signals: {drifted: , other: y}}', 'worker.lights[0].signals.drifted', 'must be text'],
    ['{topic: $SYS/a, signals: {other: y}}', 'worker.lights[0].topic', 'not beginning with $'],
    ['{preset: zigbee2mqtt, device: a, signals: {drifted: 1}}', 'worker.lights[0]', 'only wled understands'],
    ['{topic: a, signals: {other: y}, button: nobody}', 'worker.lights[0].button', 'does not have'],
    ['{topic: a, signals: {other: y}, back: {topic: b}}', 'worker.lights[0].back.when', 'is missing'],
    [
      '{preset: wled, device: a}, {topic: a/api, signals: {other: y}}',
      'worker.lights[1]',
      'overwrite each other',
    ],
  ])('of the form %s is refused', async (entry, key, message) => {
    const problem = await onlyProblem({ file: light(entry) });
    expect(problem.key).toBe(key);
    expect(problem.message).toContain(message);
  });
});

describe('a loop', () => {
  const lamp = '{preset: zigbee2mqtt, device: lamp}';
  test.each([
    [
      'a press by a message on our own topic',
      press('{topic: release-button/button/main/press, when: press}'),
      'presses[0]',
    ],
    [
      'a press by our own signal',
      press('{topic: release-button/button/main/signal, path: signal, when: clear}'),
      'presses[0]',
    ],
    [
      'a preset whose device is below our prefix',
      press('{preset: shelly-gen2, device: release-button/x}'),
      'presses[0]',
    ],
    [
      'a lamp that presses',
      light('{topic: release-button/button/main/press, signals: {other: press}}'),
      'lights[0]',
    ],
    [
      'a lamp that counts as back after our own message',
      light('{topic: a, signals: {other: x}, back: {topic: release-button/drift, when: x}}'),
      'lights[0].back',
    ],
    [
      'a lamp whose command is a press',
      light('{topic: a, signals: {other: x}}', ', presses: [{topic: a, when: x}]'),
      'lights[0]',
    ],
    [
      'a press by the state of a lamp',
      light(lamp, ', presses: [{topic: zigbee2mqtt/lamp, path: state, when: "ON"}]'),
      'lights[0]',
    ],
    [
      'a press by an action that only repeats a command to the lamp',
      light(lamp, ', presses: [{preset: zigbee2mqtt, device: lamp, when: "on"}]'),
      'lights[0]',
    ],
    [
      'a press by the state of a relay',
      light('{preset: shelly-gen1, device: a}', ', presses: [{topic: shellies/a/relay/0, when: "on"}]'),
      'lights[0]',
    ],
    [
      'a press by the state that follows a command',
      light(
        '{topic: desk/switch/x/command, signals: {other: x}}',
        ', presses: [{topic: desk/switch/x/state, when: "ON"}]',
      ),
      'lights[0]',
    ],
    [
      "a press by Tasmota's answer to a command",
      light(
        '{topic: cmnd/a/POWER, signals: {other: x}}',
        ', presses: [{topic: stat/a/RESULT, path: POWER, when: "ON"}]',
      ),
      'lights[0]',
    ],
    [
      'a lamp that counts as back by the state after our command',
      light('{topic: a/set, signals: {other: x}, back: {topic: a, path: state, when: "ON"}}'),
      'lights[0].back',
    ],
    [
      'a lamp that counts as back by our own command',
      light('{topic: a/set, signals: {other: x}, back: {topic: a/set, when: x}}'),
      'lights[0].back',
    ],
    [
      'a press by a message of Home Assistant discovery',
      press('{topic: homeassistant/device/x/config, when: x}'),
      'presses[0]',
    ],
    [
      'a lamp on a topic of Home Assistant discovery',
      light('{topic: homeassistant/light/x/config, signals: {other: x}}'),
      'lights[0]',
    ],
  ])('%s is refused', async (_, file, key) => {
    const problem = await onlyProblem({ file });
    expect(problem.key).toBe(`worker.${key}`);
    expect(problem.message).toMatch(/loop|without end|discovery messages/);
    expect(problem.remedy).not.toBe('');
  });

  test('is also refused below a custom prefix, but not on a topic that only begins with the same letters', async () => {
    const file = (topic: string) =>
      `mqtt: {topicPrefix: building-7/rb}\n${press(`{topic: ${topic}, when: x}`)}`;
    expect((await onlyProblem({ file: file('building-7/rb/x') })).message).toContain('building-7/rb');
    expect((await onlyProblem({ file: file('building-7/rb') })).message).toContain('building-7/rb');
    await expect(load({ file: file('building-7/rbx') })).resolves.toBeDefined();
    await expect(load({ file: file('release-button/x') })).resolves.toBeDefined();
  });

  test.each([
    [
      'a device that is both button and lamp',
      light(lamp, ', presses: [{preset: zigbee2mqtt, device: lamp}]'),
    ],
    [
      'a relay and the input beside it',
      light('{preset: shelly-gen1, device: a}', ', presses: [{preset: shelly-gen1, device: a}]'),
    ],
    [
      'a switch and the input beside it',
      light('{preset: shelly-gen2, device: a}', ', presses: [{preset: shelly-gen2, device: a}]'),
    ],
    [
      'a relay of Tasmota and its button',
      light(
        '{topic: cmnd/a/POWER, signals: {other: x}, back: {topic: tele/a/LWT, when: Online}}',
        ', presses: [{preset: tasmota, device: a}]',
      ),
    ],
  ])('%s is no loop', async (_, file) => {
    await expect(load({ file })).resolves.toBeDefined();
  });

  test('is refused even if only the sections of the worker are loaded', async () => {
    const { problems } = await failure({
      sections: ['mqtt', 'log', 'health', 'worker', 'argocd'],
      env: {
        RELEASE_BUTTON_MQTT_TOPIC_PREFIX: 'mine',
        RELEASE_BUTTON_WORKER_PRESSES: '[{topic: mine/x, when: y}]',
      },
    });
    expect(problems).toMatchObject([
      { key: 'worker.presses[0]', origin: 'RELEASE_BUTTON_WORKER_PRESSES, at [0]' },
    ]);
  });
});

describe('docs/buttons.md and docs/lamps.md', () => {
  const page = ['buttons', 'lamps']
    .map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'))
    .join('\n');
  const examples = [...page.matchAll(/```yaml\n(worker:\n[\s\S]*?)```/g)].map(([, text = '']) => text);

  test('have an example for each preset', () => {
    const presets = ['zigbee2mqtt', 'shelly-gen1', 'shelly-gen2', 'tasmota', 'esphome', 'wled'];
    for (const preset of presets) expect(examples.join()).toContain(`preset: ${preset}`);
  });

  test.each(examples)('have only correct examples: %#', async (file) => {
    const { config } = await load({
      file,
      env: file.includes('buttons:') ? { RELEASE_BUTTON_WORKER_BUTTONS: '' } : {},
    });
    expect(config.worker.presses.length + config.worker.lights.length).toBeGreaterThan(0);
  });
});
