// What is refused, and what a person reads: all problems at once, each with key, value, origin and remedy.
import { describe, expect, test } from 'vitest';
import { drivers } from '../../../config/sections/agent.ts';
import { failure, load, onlyProblem, type Given } from '../support.ts';

test('all problems of file, environment and flags are reported at once', async () => {
  const { problems, message } = await failure({
    file: 'mqtt:\n  url: http://broker\n  keepAliveSecond: 5\nlog:\n  level: inof\n',
    env: { RELEASE_BUTTON_BROKER_PORT: '70000', RELEASE_BUTTON_MQTT_URI: 'x' },
    flags: { 'simulator.driftEveryMs': 'often' },
    required: ['argocd.token'],
  });
  expect(problems.map(({ key, origin }) => `${key} ${origin}`).sort()).toEqual([
    'RELEASE_BUTTON_MQTT_URI environment',
    'argocd.token not set anywhere',
    'broker.port RELEASE_BUTTON_BROKER_PORT',
    'log.level config/release-button.yaml:5',
    'mqtt.keepAliveSecond config/release-button.yaml:3',
    'mqtt.url config/release-button.yaml:2',
    'simulator.driftEveryMs --simulator-drift-every-ms',
  ]);
  expect(message).toContain('The configuration has 7 problems');
  expect(message).toContain('log.level = "inof"  (config/release-button.yaml:5)');
  expect(message).toContain(
    'must be one of trace, debug, info, warn, error, fatal, silent\n     -> did you mean `info`?',
  );
  expect(problems.every(({ remedy }) => remedy !== '')).toBe(true);
});

describe('an unknown key', () => {
  test.each([
    ['mqtt:\n  keepaliveseconds: 5\n', 'mqtt.keepaliveseconds', 'did you mean `mqtt.keepAliveSeconds`?'],
    ['mqtt:\n  topic-prefix: x\n', 'mqtt.topic-prefix', 'did you mean `mqtt.topicPrefix`?'],
    [
      'worker:\n  release:\n    concurency: 5\n',
      'worker.release.concurency',
      'did you mean `worker.release.concurrency`?',
    ],
    ['argocd:\n  tokenFiel: x\n', 'argocd.tokenFiel', 'did you mean `argocd.tokenFile`?'],
    [
      'log:\n  driftEveryMs: 5\n',
      'log.driftEveryMs',
      'did you mean `driftEveryMs` in the section `simulator`?',
    ],
    ['mqtt.url: mqtt://x\n', 'mqtt.url', 'did you mean `url` in the section `mqtt`?'],
    ['log:\n  zzzzzzzz: 5\n', 'log.zzzzzzzz', 'remove it; the known keys are level, format'],
    ['log:\n  constructor: 5\n', 'log.constructor', 'remove it; the known keys are level, format'],
    ['log:\n  __proto__: 5\n', 'log.__proto__', 'remove it; the known keys are level, format'],
    ['__proto__: {level: debug}\n', '__proto__', 'remove it'],
  ])('in %j is refused, with the nearest key as a suggestion', async (file, key, remedy) => {
    const problem = await onlyProblem({ file });
    expect(problem.key).toBe(key);
    expect(problem.remedy).toContain(remedy);
  });

  test('that looks harmless is shown with its value', async () => {
    expect(await onlyProblem({ file: 'log:\n  leevl: debug\n' })).toMatchObject({
      key: 'log.leevl',
      value: '"debug"',
      origin: 'config/release-button.yaml:2',
    });
  });

  test('inside a list is reported with its own line', async () => {
    const file = 'agent:\n  buttons:\n    - id: main\n      line: 17\n      debounce: 10\n';
    const { remedy, ...problem } = await onlyProblem({ file });
    expect(problem).toMatchObject({
      key: 'agent.buttons[0].debounce',
      origin: 'config/release-button.yaml:5',
    });
    expect(remedy).toContain('`agent.buttons[0].debounceMs`');
  });
});

/** Libraries drop this key. But a key that narrows a selection must never be dropped. */
describe('the key __proto__ inside a list is refused', () => {
  test.each([
    ['{projects: [shop], __proto__: [x]}', 'worker.buttons[0].select.__proto__'],
    ['{projects: [shop], __proto__: {namespaces: [x]}}', 'worker.buttons[0].select.__proto__'],
    ['{__proto__: {all: true}}', 'worker.buttons[0].select.__proto__'],
    ['{labels: {team: web, __proto__: x}}', 'worker.buttons[0].select.labels.__proto__'],
  ])('in the selection %s', async (select, key) => {
    const list = `[{id: main, select: ${select}}]`;
    const env = { RELEASE_BUTTON_WORKER_BUTTONS: '' };
    const inFile = await onlyProblem({ file: `worker:\n  buttons: ${list}\n`, env });
    expect(inFile).toMatchObject({ key, origin: 'config/release-button.yaml:2' });
    const inVariable = await onlyProblem({ env: { RELEASE_BUTTON_WORKER_BUTTONS: list } });
    expect(inVariable.key).toBe(key);
    expect(inVariable.origin).toContain('RELEASE_BUTTON_WORKER_BUTTONS');
  });
});

describe('a value of the wrong kind', () => {
  test.each([
    ['mqtt: 5', 'mqtt', 'must be a section'],
    ['mqtt: [url]', 'mqtt', 'must be a section'],
    ['worker: {release: 5}', 'worker.release', 'must be a section'],
    ['- mqtt', 'the file', 'must consist of sections'],
    ['log: {level: {a: {b: 1}}}', 'log.level', 'must be one of trace'],
    ['log: {level: [info]}', 'log.level', 'must be one of trace'],
    ['broker: {port: "1884"}', 'broker.port', 'must be a number, without quotes'],
    ['broker: {port: 1.5}', 'broker.port', 'must be a whole number'],
    ['broker: {port: .nan}', 'broker.port', 'must be a whole number'],
    ['broker: {port: .inf}', 'broker.port', 'must be a whole number'],
    ['broker: {port: -1}', 'broker.port', 'must be a whole number'],
    ['broker: {port: true}', 'broker.port', 'must be a whole number'],
    ['health: {enabled: "true"}', 'health.enabled', 'must be true or false'],
    ['health: {enabled: yes}', 'health.enabled', 'must be true or false'],
    ['mqtt: {username: ""}', 'mqtt.username', 'is empty'],
    ['agent: {buttons: {id: main}}', 'agent.buttons', 'must be a list, not a map'],
    ['agent: {buttons: main}', 'agent.buttons', 'must be a list, not text'],
    ['agent: {buttons: [main]}', 'agent.buttons[0]', 'must be a map'],
    ['agent: {buttons: [null]}', 'agent.buttons[0]', 'must be a map'],
    ['agent: {buttons: [{gestures: press}]}', 'agent.buttons[0].gestures', 'must be a list'],
  ])('is refused: %s', async (file, key, message) => {
    const problem = await onlyProblem({ file });
    expect(problem.key).toBe(key);
    expect(problem.message).toContain(message);
    expect(problem.origin).toBe('config/release-button.yaml:1');
  });

  test('that is a number in quotes has the remedy to remove the quotes', async () => {
    expect((await onlyProblem({ file: 'broker: {port: "1884"}' })).remedy).toBe('write `port: 1884`');
  });

  test('is refused with the default as a suggestion', async () => {
    expect((await onlyProblem({ file: 'broker: {port: -1}' })).remedy).toContain(
      'remove it for the default, 1883',
    );
  });
});

const worker = (button: string): Given => ({
  sections: ['worker'],
  env: { RELEASE_BUTTON_WORKER_BUTTONS: '' },
  file: `worker:\n  buttons:\n    - ${button}\n`,
});

describe('the selection of a button', () => {
  test.each([
    ['{id: main}', 'is missing'],
    ['{id: main, select: }', 'is missing'],
    ['{id: main, select: {}}', 'is empty'],
  ])('of the button %s is refused, and the message shows both ways to write it', async (button, message) => {
    const problem = await onlyProblem(worker(button));
    expect(problem).toMatchObject({ key: 'worker.buttons[0].select', message });
    expect(problem.origin).toMatch(/^config\/release-button\.yaml:3$/);
    expect(problem.remedy).toContain('select: {projects: [shop]}');
    expect(problem.remedy).toContain(
      "RELEASE_BUTTON_WORKER_BUTTONS='[{id: main, select: {projects: [shop]}}]'",
    );
    expect(problem.remedy).not.toMatch(/\ball\b/);
  });

  test('is required for the default button too', async () => {
    const problem = await onlyProblem({ sections: ['worker'], env: { RELEASE_BUTTON_WORKER_BUTTONS: '' } });
    expect(problem).toMatchObject({
      key: 'worker.buttons[0].select',
      origin: 'default',
      message: 'is missing',
    });
  });

  test.each([
    ['{all: true, projects: [a]}', 'select', 'has `all` together with other keys'],
    ['{names: []}', 'select.names', 'is an empty list'],
    ["{names: ['shop-*']}", 'select.names[0]', 'patterns such as `*` are not supported'],
    ['{names: [a/b/c]}', 'select.names[0]', 'must be an application'],
    ['{namespaces: [a.b]}', 'select.namespaces[0]', 'must be a namespace'],
    ['{labels: {}}', 'select.labels', 'must be a map of at least one label'],
    ['{labels: {tier: null, team: web}}', 'select.labels.tier', 'must be text'],
    ['{labels: {tier: , team: web}}', 'select.labels.tier', 'must be text'],
    ['{names: [a], projects: }', 'select.projects', 'must be a list'],
    ['{names: [a], labels: ~}', 'select.labels', 'must be a map'],
    ['{names: [a, ~]}', 'select.names[1]', 'must be text'],
    ['{labels: {tier: "a b"}}', 'select.labels.tier', 'must be the value of a Kubernetes label'],
    ['{labels: {"a b": x}}', 'select.labels', 'must be a map of at least one label'],
    ['{all: false}', 'select.all', 'can only be true, which selects every application'],
    ['{project: [a]}', 'select.project', 'is not a known key'],
  ])('of the form %s is refused', async (select, key, message) => {
    const problem = await onlyProblem(worker(`{id: main, select: ${select}}`));
    expect(problem.key).toBe(`worker.buttons[0].${key}`);
    expect(problem.message).toContain(message);
    // A remedy never selects more applications than the value did.
    expect(problem.remedy).not.toMatch(/all: true|everything|every application/);
  });

  test.each([
    { names: ['shop', 'argocd/shop.v2'] },
    { projects: ['default'], namespaces: ['argocd', 'team-a'] },
    { labels: { 'app.kubernetes.io/part-of': 'shop', tier: '' } },
    { all: true },
  ])('of the form %j is accepted', async (select) => {
    const { config } = await load(worker(JSON.stringify({ select })));
    expect(config.worker.buttons[0]?.select).toEqual(select);
  });
});

describe('an unknown choice', () => {
  test('of a driver is refused with a list of the choices', async () => {
    const problem = await onlyProblem({ file: 'agent: {driver: simulate}' });
    expect(problem).toMatchObject({
      message: `must be one of ${drivers.join(', ')}`,
      remedy: 'did you mean `simulated`?',
    });
  });
});

describe('a GPIO line', () => {
  const line = (value: string) => ({ file: `agent: {buttons: [{line: ${value}}]}` });

  test('may be a name, and its chip may be a number', async () => {
    const { config } = await load({
      file: 'agent: {chip: 4, buttons: [{line: GPIO17}, {id: b, line: GPIO17, chip: /dev/gpiochip5}]}',
    });
    expect(config.agent.chip).toBe('4');
    expect(config.agent.buttons.map(({ line, chip }) => ({ line, chip }))).toEqual([
      { line: 'GPIO17', chip: undefined },
      { line: 'GPIO17', chip: '/dev/gpiochip5' },
    ]);
  });

  // A chip in text, and so in a variable, is also a number.
  test.each<[string, Given]>([
    ['a number', { file: 'agent: {chip: 256}' }],
    ['a number in quotes', { file: 'agent: {chip: "256"}' }],
    ['a variable', { env: { RELEASE_BUTTON_AGENT_CHIP: '256' } }],
    ['a flag', { flags: { 'agent.chip': '256' } }],
    ['of one line', { file: 'agent: {leds: [{chip: "256"}]}' }],
  ])('on a chip beyond 255 is refused: %s', async (_, given) => {
    const { key, message } = await onlyProblem(given);
    expect(key).toMatch(/^agent\.(leds\[0\]\.)?chip$/);
    expect(message).toContain('0 to 255');
  });

  test.each(['"17"', '1024', '-1', '17.5', '[17]'])('cannot be %s', async (value) => {
    const { key, message } = await onlyProblem(line(value));
    expect(key).toBe('agent.buttons[0].line');
    expect(message).toMatch(
      /^must be (a whole number from 0 to 1023 or text of up to 31 characters|a number, without quotes)$/,
    );
  });

  test('that is a number in quotes is distinguished from a name', async () => {
    const { remedy } = await onlyProblem(line('"17"'));
    expect(remedy).toBe('write `line: 17`');
  });
});

describe('a contradiction', () => {
  test.each([
    ['mqtt: {reconnectMinMs: 5000, reconnectMaxMs: 1000}', 'mqtt.reconnectMinMs', 'must not be more than'],
    ['mqtt: {password: x}', 'mqtt.username', 'is not set, but mqtt.password is'],
    ['broker: {host: 0.0.0.0}', 'broker.host', 'asks for no password'],
    [
      'agent: {buttons: [{id: a}, {id: b}]}',
      'agent.buttons[1].line',
      'GPIO line 17 is already used by buttons[0]',
    ],
    [
      'agent: {keySwitches: [{line: 27}]}',
      'agent.leds[0].line',
      'GPIO line 27 is already used by keySwitches[0]',
    ],
    [
      'agent: {keySwitches: [{debounceMs: 2}]}',
      'agent.keySwitches[0].debounceMs',
      'must be at least agent.sampleMs (5)',
    ],
    [
      'agent: {chip: 0, leds: [{line: 17, chip: /dev/gpiochip0}]}',
      'agent.leds[0].line',
      'GPIO line 17 is already used by buttons[0]',
    ],
    ['agent: {leds: [{line: 17}]}', 'agent.leds[0].line', 'GPIO line 17 is already used by buttons[0]'],
    ['agent: {buttons: [{}, {line: 4}]}', 'agent.buttons[1].id', '`main` is also the id of buttons[0]'],
    ['agent: {leds: [{}, {line: 4}]}', 'agent.leds[1].id', '`main` is also the id of leds[0]'],
    ['agent: {sampleMs: 50}', 'agent.buttons[0].debounceMs', 'must be at least agent.sampleMs (50)'],
    [
      'agent: {buttons: [{gestures: [hold], holdMs: 60, debounceMs: 60}]}',
      'agent.buttons[0].holdMs',
      'must be more than debounceMs',
    ],
    [
      'agent: {buttons: [{gestures: [double], doubleMs: 60, debounceMs: 60}]}',
      'agent.buttons[0].doubleMs',
      'must be more than debounceMs',
    ],
    [
      'agent: {buttons: [{gestures: [double], doubleMs: 90}]}',
      'agent.buttons[0].doubleMs',
      'must be more than debounceMs and releaseDebounceMs together',
    ],
    [
      'agent: {buttons: [{releaseDebounceMs: 29}]}',
      'agent.buttons[0].releaseDebounceMs',
      'must be at least debounceMs',
    ],
    [
      'agent: {buttons: [{gestures: [hold], stuckAfterMs: 1000}]}',
      'agent.buttons[0].stuckAfterMs',
      'must be more than holdMs',
    ],
    [
      'agent: {buttons: [{gestures: [press, press]}]}',
      'agent.buttons[0].gestures',
      'must not name a gesture twice',
    ],
    ['agent: {buttons: [{gestures: []}]}', 'agent.buttons[0].gestures', 'is an empty list'],
    [
      'worker: {buttons: [{select: {all: true}}, {select: {all: true}}]}',
      'worker.buttons[1].id',
      'is also the id of',
    ],
    [
      'worker: {buttons: [{select: {all: true}, on: {}}]}',
      'worker.buttons[0].on',
      'no gesture would do anything',
    ],
  ])('is refused: %s', async (file, key, message) => {
    const problem = await onlyProblem({
      file,
      env: { RELEASE_BUTTON_WORKER_BUTTONS: file.startsWith('worker') ? '' : '[]' },
    });
    expect(problem.key).toBe(key);
    expect(problem.message).toContain(message);
  });

  test.each([
    'broker: {host: 0.0.0.0, allowAnonymousBeyondLoopback: true}',
    'broker: {host: "::1"}',
    'broker: {host: localhost}',
    'agent: {buttons: [{holdMs: 50, debounceMs: 100}]}',
    'agent: {buttons: [{debounceMs: 300}]}',
    'agent: {buttons: [{gestures: [double], doubleMs: 91}]}',
    'agent: {buttons: [], leds: []}',
    'agent: {leds: [{follows: on-another-machine}]}',
  ])('is not seen in %s', async (file) => {
    await expect(load({ file })).resolves.toBeDefined();
  });
});

describe('a value of the wrong form', () => {
  test.each([
    ['mqtt: {url: "broker:1883"}', 'must begin with mqtt:// or mqtts://'],
    ['mqtt: {url: "mqtt://"}', 'has no host'],
    ['mqtt: {url: "mqtt://me@broker"}', 'must not contain a user name or password'],
    ['mqtt: {url: "mqtt://broker/x"}', 'must end after host and port'],
    ['mqtt: {topicPrefix: "a/+"}', 'must be 1 to 64 characters from'],
    ['mqtt: {topicPrefix: "/a"}', 'must be 1 to 64 characters from'],
    ['mqtt: {topicPrefix: "a//b"}', 'must be 1 to 64 characters from'],
    [`mqtt: {topicPrefix: ${'a'.repeat(65)}}`, 'must be 1 to 64 characters from'],
    ['argocd: {server: "ftp://x"}', 'begins with ftp://, but must begin with https:// or http://'],
    ['argocd: {server: "https://me@x"}', 'must not contain a user name or password'],
    ['argocd: {server: "https://x/#a"}', 'must not contain `?` or `#`'],
    ['health: {host: "http://x"}', 'must be a host name or an IP address'],
    ['agent: {id: Main}', 'must be an id'],
    [`agent: {id: ${'a'.repeat(64)}}`, 'must be an id'],
  ])('is refused: %s', async (file, message) => {
    expect((await onlyProblem({ file })).message).toContain(message);
  });

  test.each([
    'mqtt: {url: "mqtt://broker", topicPrefix: building-7/Release_button}',
    'mqtt: {url: "mqtts://broker.example:8883/"}',
    'mqtt: {url: "mqtt://[fe80::1]:1883"}',
    `agent: {id: ${'a'.repeat(63)}}`,
  ])('is not seen in %s', async (file) => {
    await expect(load({ file })).resolves.toBeDefined();
  });
});
