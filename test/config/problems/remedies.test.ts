// What a newcomer reads: one problem for each mistake, in plain words, with the line to write.
import { describe, expect, test } from 'vitest';
import { failure, load, onlyProblem } from '../support.ts';

const env = { RELEASE_BUTTON_WORKER_BUTTONS: '' };
const button = (keys: string) => `worker: {buttons: [{id: main, ${keys}}]}`;
const selected = (keys: string) => button(`select: {all: true}, ${keys}`);

describe('a value of another kind has a remedy with the line to write', () => {
  test.each([
    [
      button('select: shop'),
      'must be a map, not text',
      'write `select: {projects: [shop]}` or `select: {names: [shop]}`',
    ],
    [
      button('select: [shop, web]'),
      'must be a map, not a list',
      'write `select: {projects: [shop, web]}` or `select: {names: [shop, web]}`',
    ],
    [button('select: all'), 'must be a map, not text', 'write `select: {all: true}`'],
    [
      button('select: true'),
      'must be a map, not a boolean',
      'write keys and their values; the known keys are names, projects, labels, namespaces, all',
    ],
    [button('select: {projects: shop}'), 'must be a list, not text', 'write `projects: [shop]`'],
    [button('select: {projects: "shop, web"}'), 'must be a list, not text', 'write `projects: [shop, web]`'],
    [button('select: {names: {shop: }}'), 'must be a list, not a map', 'write `names: [shop]`'],
    [button('select: {names: [{name: shop}]}'), 'must be a list of texts', 'write `names: [shop]`'],
    [button('select: {labels: "team=web"}'), 'must be a map, not text', 'write `labels: {team: web}`'],
    [button('select: {labels: [team=web]}'), 'must be a map, not a list', 'write `labels: {team: web}`'],
    [button('select: {labels: [{team: web}]}'), 'must be a map, not a list', 'write `labels: {team: web}`'],
    [button('select: {labels: {team: [web]}}'), 'must be text, not a list', 'write `team: web`'],
    [button('select: {all: "true"}'), 'must be true or false', 'write `all: true`'],
    [
      button('select: {projects: [Shop]}'),
      'must be the name of an Argo CD project: lower-case letters, digits and -',
      'write the whole name, as Argo CD shows it',
    ],
    [selected('waves: [a, b]'), 'must be a list of lists', 'write `waves: [[a], [b]]`'],
    [selected('waves: [[a], b]'), 'must be a list of lists', 'write `waves: [[a], [b]]`'],
    [selected('waves: a'), 'must be a list, not text', 'write `waves: [[a]]`'],
    [selected('on: hold'), 'must be a map, not text', 'write `on: {hold: release}`'],
    [
      selected('on: [press, hold]'),
      'must be a map, not a list',
      'write `on: {press: release, hold: release}`',
    ],
    [
      selected('on: {press: [release]}'),
      'must be one of release, rollback, refresh',
      'write `press: release`',
    ],
    [
      selected('on: {press: relaese}'),
      'must be one of release, rollback, refresh',
      'did you mean `release`?',
    ],
    [
      selected('syncOptions: PruneLast=true'),
      'must be a list, not text',
      'write `syncOptions: [PruneLast=true]`',
    ],
    [
      selected('syncOptions: {PruneLast: true}'),
      'must be a list, not a map',
      'write `syncOptions: [PruneLast=true]`',
    ],
    [
      selected('syncOptions: [PruneLast: true]'),
      'must be a list of texts',
      'write `syncOptions: [PruneLast=true]`',
    ],
    [selected('retry: 3'), 'must be a map, not a number', 'write `retry: {limit: 3}`'],
    [selected('retry: {factor: 2}'), 'is missing', 'add `limit`: a whole number from 1 to 100'],
    [selected('prune: yes'), 'must be true or false', 'write `prune: true`'],
    [selected('dryRun: 1'), 'must be true or false', 'write `dryRun: true`'],
    [selected(`title: ${'x'.repeat(101)}`), 'has 101 characters; at most 100 are allowed', 'shorten it'],
    [
      'worker: {buttons: {id: main, select: {all: true}}}',
      'must be a list, not a map',
      'write `buttons: [{id: main, select: {all: true}}]`',
    ],
    [
      'worker: {buttons: {main: {select: {all: true}}}}',
      'must be a list, not a map',
      'write `buttons: [{id: main, select: {all: true}}]`',
    ],
    ['worker: {buttons: [main]}', 'must be a map, not text', 'begin the entry with `- id: main`'],
    ['worker: {buttons: {-id: main}}', 'must be a list, not a map', 'put a space after the dash'],
    [
      'homeAssistant: {applications: [shop]}',
      'must be a list of maps',
      'write `applications: [{projects: [shop]}]`',
    ],
    ['agent: {buttons: [{gestures: press}]}', 'must be a list, not text', 'write `gestures: [press]`'],
    ['agent: {buttons: [{gestures: [pres]}]}', 'must be one of press, double, hold', 'did you mean `press`?'],
    ['agent: {buttons: [{pull: "on"}]}', 'must be one of up, down, off', 'write one of them'],
    ['agent: {id: [a]}', 'must be text, not a list', 'write `id: a`'],
    ['health: {enabled: off}', 'must be true or false', 'write `enabled: false`'],
    ['argocd: {insecure: no}', 'must be true or false', 'write `insecure: false`'],
  ])('%s', async (file, message, remedy) => {
    const given = { file, env: file.startsWith('worker') ? env : {} };
    const problem = await onlyProblem(given);
    expect(problem.message).toContain(message);
    expect(problem.remedy).toContain(remedy);
  });

  test.each([
    ['RELEASE_BUTTON_HEALTH_ENABLED', '0', 'write `RELEASE_BUTTON_HEALTH_ENABLED=false`'],
    ['RELEASE_BUTTON_MQTT_KEEP_ALIVE_SECONDS', '15s', 'write `RELEASE_BUTTON_MQTT_KEEP_ALIVE_SECONDS=15`'],
    ['RELEASE_BUTTON_AGENT_BUTTONS', '{line: 4}', "write `RELEASE_BUTTON_AGENT_BUTTONS='[{line: 4}]'`"],
    ['RELEASE_BUTTON_AGENT_BUTTONS', 'main', "for example `RELEASE_BUTTON_AGENT_BUTTONS='[{id: main}]'`"],
    ['RELEASE_BUTTON_AGENT_BUTTONS', '[{gestures: press}]', 'write `gestures: [press]`'],
  ])('for %s=%s, the remedy has the form of an environment variable', async (name, text, remedy) => {
    expect((await onlyProblem({ env: { [name]: text } })).remedy).toContain(remedy);
  });

  test('a secret of the wrong type is not repeated in the message', async () => {
    const { message } = await failure({
      file: 'argocd: {token: [hunter2], headers: {X-A: hunter2}}\nmqtt: {username: a, password: {b: hunter2}}',
    });
    expect(message).not.toContain('hunter2');
  });
});

describe('a duration or size is refused with its unit and range', () => {
  test.each([
    [
      'worker: {release: {appTimeoutMs: 10m}}',
      'from 1000 to 86400000 (1 s to 24 h)',
      'write `appTimeoutMs: 600000`',
    ],
    ['worker: {release: {appTimeoutMs: 2 min}}', 'a number of milliseconds', 'write `appTimeoutMs: 120000`'],
    [
      'worker: {release: {appTimeoutMs: 600}}',
      'a number of milliseconds',
      'for 600 s write `appTimeoutMs: 600000`',
    ],
    [
      'worker: {drift: {maxAgeMs: 0}}',
      'a number of milliseconds',
      'remove it for the default, 60000 (1 min)',
    ],
    ['worker: {maxPressAgeMs: 1_000}', 'a number of milliseconds', 'write `maxPressAgeMs: 1000`'],
    [
      'mqtt: {keepAliveSeconds: 2m}',
      'a number of seconds from 1 to 3600 (1 s to 1 h)',
      'write `keepAliveSeconds: 120`',
    ],
    ['mqtt: {keepAliveSeconds: 1.5}', 'must be a whole number', 'without a fraction'],
    [
      'broker: {maximumPacketBytes: 1MiB}',
      'a number of bytes from 1024 to 16777216 (1 KiB to 16 MiB)',
      'write `maximumPacketBytes: 1048576`',
    ],
    [
      'broker: {port: 70000}',
      'a whole number from 0 to 65535',
      'write `port: 65535` or less, or remove it for the default, 1883',
    ],
    [
      'simulator: {driftEveryMs: often}',
      '(up to 24 h)',
      'write a number, or remove it for the default, 60000 (1 min)',
    ],
  ])('%s', async (file, message, remedy) => {
    const problem = await onlyProblem({ file });
    expect(problem.message).toContain(message);
    expect(problem.remedy).toContain(remedy);
  });

  test.each([
    ['agent: {buttons: [{line: 0x7FF}]}', '0x7FF'],
    ['agent: {buttons: [{debounceMs: 1e4}]}', '1e4'],
    ['worker: {buttons: [{select: 0x10}]}', '0x10'],
    ['worker: {buttons: [{select: {names: 0x10}}]}', '0x10'],
    ['worker: {id: 0X1F}', '"0X1F"'],
    ['agent: {buttons: [{id: 0b_1.}]}', '"0b_1."'],
  ])('%s is shown as it was written', async (file, value) => {
    expect((await onlyProblem({ file, env: file.includes('worker: {buttons') ? env : {} })).value).toBe(
      value,
    );
  });
});

describe('a wrong URL is refused with its fault', () => {
  test.each([
    [
      'mqtt://broker:70000',
      'has the port 70000, but ports go from 1 to 65535',
      'the port on which the server listens',
    ],
    ['mqtt://broker: 1883', 'has a space or line break in it', 'write `mqtt://broker:1883`'],
    ['mqtt://broker ', 'has a space or line break at its end', 'write `mqtt://broker`'],
    ['mqtt//broker', 'must begin with mqtt://, with a colon and two slashes', 'write `mqtt://broker`'],
    ['mqtts:/broker', 'must begin with mqtts://, with a colon and two slashes', 'write `mqtts://broker`'],
    ['mqtt:broker', 'must begin with mqtt://, with two slashes', 'write `mqtt://broker`'],
    ['broker:1883', 'must begin with mqtt:// or mqtts://', 'write `mqtt://broker:1883`'],
    [
      'tcp://broker:1883',
      'begins with tcp://, but must begin with mqtt:// or mqtts://',
      'write `mqtt://broker:1883`',
    ],
    ['ssl://broker', 'begins with ssl://', 'write `mqtts://broker`'],
    [
      'ws://broker',
      'MQTT over WebSockets is not supported',
      'write for example `mqtt://broker.example:1883`',
    ],
    ['constructor://broker', 'begins with constructor://', 'write for example'],
    ['mqtt://broker:mqtt', 'has a port that is not a number', 'write `mqtt://broker`'],
    ['mqtt://fe80::1', 'has an IPv6 address without brackets', 'write `mqtt://[fe80::1]`'],
    ['mqtt://[fe80::1', 'has a `[` that is not closed', 'write for example'],
    ['mqtt://', 'has no host', 'write for example'],
    ['', 'is empty', 'write for example'],
  ])('of the broker: %j', async (url, message, remedy) => {
    const problem = await onlyProblem({ file: `mqtt: {url: ${JSON.stringify(url)}}` });
    expect(problem.message).toContain(message);
    expect(problem.remedy).toContain(remedy);
  });

  test.each([
    ['https://argocd.example:99999', 'has the port 99999, but ports go from 1 to 65535', 'the port'],
    ['https://argocd example', 'has a space or line break in it', 'write `https://argocdexample`'],
    [
      'https//argocd.example',
      'must begin with https://, with a colon and two slashes',
      'write `https://argocd.example`',
    ],
    ['https:argocd', 'must begin with https://, with two slashes', 'write `https://argocd`'],
    ['https:///argocd', 'has no host', 'write for example `https://argocd.example`'],
    ['argocd.example:https', 'has a port that is not a number', 'write `https://argocd.example`'],
    [
      'grpc://argocd',
      'begins with grpc://, but must begin with https:// or http://',
      'write `https://argocd`',
    ],
    ['fe80::1', 'has an IPv6 address without brackets', 'write `https://[fe80::1]`'],
  ])('of Argo CD: %j', async (url, message, remedy) => {
    const problem = await onlyProblem({ file: `argocd: {server: ${JSON.stringify(url)}}` });
    expect(problem.message).toContain(message);
    expect(problem.remedy).toContain(remedy);
  });

  test.each([
    'argocd.example',
    'argocd.example:8443',
    'localhost:8080/argo-cd',
    'http://10.0.0.1',
    '[::1]:8080',
    'https://argocd_x/a',
  ])('but %s is accepted for Argo CD', async (server) => {
    await expect(load({ file: `argocd: {server: "${server}"}` })).resolves.toBeDefined();
  });

  test.each([
    'mqtt://me:hunter2@bro ker',
    'http://me:hunter2@broker',
    'me:hunter2@broker',
    'mqtt:/me:hunter2@broker',
    'mqtt://me:hunter2@broker:99999',
  ])('without repeating a possible password: %s', async (url) => {
    const { message } = await failure({ file: `mqtt: {url: "${url}"}` });
    expect(message).not.toContain('hunter2');
  });
});

describe('a key in the wrong place or form is refused with the right one', () => {
  test.each([
    ['log:\nlevel: info\n', 'level', 'indent it by two spaces below `log:`'],
    ['log:\n- level: info\n', 'log', 'remove the `- ` before its keys'],
    ['log:\n  level= debug\n', 'log', 'write `level: …`, with a colon'],
    ['mqtt:\n  url:mqtt://x\n', 'mqtt', 'write `url: …`, with a space after the colon'],
    ['log: {level:info}\n', 'log.level:info', 'put a space after the colon: `level: info`'],
    ['mqtt: {host: broker}\n', 'mqtt.host', 'write host and port as one key, for example `url: mqtt://'],
    ['argocd: {url: argocd.example}\n', 'argocd.url', 'write `server`, for example'],
    ['broker: {hosts: 1, enabled: true}\n', 'broker.hosts', 'did you mean `broker.host`?'],
  ])('%j', async (file, key, remedy) => {
    const { problems } = await failure({ file });
    expect(problems[0]).toMatchObject({ key });
    expect(problems[0]?.remedy).toContain(remedy);
  });

  test('a key beside the list whose entry it belongs to is a single problem', async () => {
    const problem = await onlyProblem({
      file: 'worker:\n  buttons:\n  - id: main\n  select: {all: true}\n',
      env,
    });
    expect(problem).toMatchObject({ key: 'worker.select', origin: 'config/release-button.yaml:4' });
    expect(problem.remedy).toContain('line 3');
  });

  test('a secret without a space after its colon is not shown', async () => {
    const { message } = await failure({ file: 'argocd: {token:hunter2}\nmqtt:\n  password:hunter2\n' });
    expect(message).not.toContain('hunter2');
    expect(message).toContain('with a space after the colon');
  });

  test('for a variable with the name of a section, the message names the variables of its keys', async () => {
    expect((await onlyProblem({ env: { RELEASE_BUTTON_LOG: 'debug' } })).remedy).toBe(
      'add the name of the key: RELEASE_BUTTON_LOG_LEVEL, RELEASE_BUTTON_LOG_FORMAT',
    );
  });

  test('for a host with a port, the message names both keys', async () => {
    expect(await onlyProblem({ file: 'health: {host: "0.0.0.0:9881"}' })).toMatchObject({
      message: 'must be a host without its port',
    });
  });
});

describe('a setting that the driver rpio does not support is refused', () => {
  test.each([
    ['{driver: rpio, chip: 0}', 'agent.chip', 'names a GPIO chip'],
    ['{driver: rpio, leds: [{chip: usb}]}', 'agent.leds[0].chip', 'names a GPIO chip'],
    ['{driver: rpio, buttons: [{line: GPIO17}]}', 'agent.buttons[0].line', 'names a line'],
    ['{driver: rpio, keySwitches: [{line: GPIO22}]}', 'agent.keySwitches[0].line', 'names a line'],
  ])('%s', async (agent, key, message) => {
    const problem = await onlyProblem({ file: `agent: ${agent}` });
    expect(problem.key).toBe(key);
    expect(problem.message).toContain(message);
    expect(problem.remedy).toContain('gpiochip');
  });

  test.each(['gpiochip', 'auto', 'simulated'])('with rpio, but %s supports it', async (driver) => {
    await expect(
      load({ file: `agent: {driver: ${driver}, chip: 0, buttons: [{line: GPIO17}]}` }),
    ).resolves.toBeDefined();
  });
});

describe('a value that may be intended causes a warning with its place', () => {
  test.each([
    ['{buttons: []}', 'worker.buttons (config/release-button.yaml:1)', 'releases nothing'],
    [
      '{buttons: [{select: {projects: [a]}, waves: [[db], [web, argocd/db]]}]}',
      'worker.buttons[0].waves[1][1]',
      '`argocd/db` is already in waves[0]',
    ],
    [
      '{buttons: [{select: {names: [argocd/db]}, waves: [[db], [web]]}]}',
      'worker.buttons[0].waves[1][0]',
      '`web` is not among select.names',
    ],
    [
      '{buttons: [{id: a, select: {projects: [x]}, on: {hold: rollback}}, {id: b, select: {labels: {team: web}}}]}',
      'worker.buttons[0].on.hold',
      'buttons[1] (b) may release the same applications',
    ],
    [
      '{buttons: [{id: a, select: {names: [x, y]}}, {id: b, select: {names: [argocd/y]}, on: {press: rollback}}]}',
      'worker.buttons[1].on.press',
      'buttons[0] (a) may release the same applications',
    ],
  ])('%s', async (worker, key, message) => {
    const { warnings } = await load({ file: `worker: ${worker}`, env });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(key);
    expect(warnings[0]).toContain(message);
  });

  test.each([
    '[{id: a, select: {projects: [x]}, on: {hold: rollback}}, {id: b, select: {projects: [y]}}]',
    '[{id: a, select: {labels: {team: x}}, on: {hold: rollback}}, {id: b, select: {labels: {team: y}}}]',
    '[{id: a, select: {names: [x]}, on: {hold: rollback}}, {id: b, select: {names: [y], projects: [z]}}]',
    '[{id: a, select: {all: true}, on: {press: release, hold: refresh}}, {id: b, select: {all: true}}]',
    '[{id: a, select: {all: true}, on: {hold: rollback}}]',
    '[{select: {names: [db, web]}, waves: [[argocd/db], [web]]}]',
    '[{select: {projects: [shop]}, waves: [[db], [web]]}]',
  ])('but %s causes no warning', async (buttons) => {
    expect((await load({ file: `worker: {buttons: ${buttons}}`, env })).warnings).toEqual([]);
  });

  test.each([
    ['buttons: [{debounceMs: 10}]', 'agent.buttons[0].debounceMs', 'is 10, '],
    ['buttons: [{debounceMs: 20}]', 'agent.buttons[0].debounceMs', 'is 20, '],
    ['keySwitches: [{debounceMs: 5}]', 'agent.keySwitches[0].debounceMs', 'is 5, '],
  ])('such as %s, which counts the hum of the mains as presses', async (agent, key, message) => {
    const { warnings } = await load({ file: `agent: {${agent}}` });
    expect(warnings).toEqual([expect.stringMatching(/hum .*set it to 21 or more/)]);
    expect(warnings[0]).toContain(key);
    expect(warnings[0]).toContain(message);
  });

  test('but a debounce time longer than one period of the mains causes no warning', async () => {
    const file = 'agent: {buttons: [{debounceMs: 21}, {id: b, line: 4}], keySwitches: [{debounceMs: 21}]}';
    expect((await load({ file })).warnings).toEqual([]);
  });

  test('such as an agent without buttons and LEDs', async () => {
    const { warnings } = await load({ file: 'agent: {buttons: [], leds: []}' });
    expect(warnings).toEqual([expect.stringContaining('this agent does nothing')]);
    expect((await load({ file: 'agent: {buttons: []}' })).warnings).toEqual([]);
  });
});
