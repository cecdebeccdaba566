// Environment variables and flags: their names, their precedence, and what is refused.
import { expect, test } from 'vitest';
import { flagsOf, leavesIn, loadSections, sectionNames } from '../../config/sections.ts';
import { failure, leaf, load, onlyProblem } from './support.ts';

test('the name of a variable is the path in upper snake case, and that of a flag is the path in kebab case', async () => {
  const env = {
    RELEASE_BUTTON_WORKER_RELEASE_APP_TIMEOUT_MS: '5000',
    RELEASE_BUTTON_HEALTH_ENABLED: 'FALSE',
  };
  const result = await load({ env, flags: { 'mqtt.url': 'mqtt://broker:1884', 'log.level': 'error' } });
  expect(result.config.worker.release.appTimeoutMs).toBe(5000);
  expect(result.config.health.enabled).toBe(false);
  expect(leaf(result, 'worker.release.appTimeoutMs').origin).toBe(
    'RELEASE_BUTTON_WORKER_RELEASE_APP_TIMEOUT_MS',
  );
  expect(leaf(result, 'mqtt.url').origin).toBe('--mqtt-url');
  const flags = await flagsOf(['worker']);
  expect(flags.map(({ flag }) => flag)).toContain('--worker-release-app-timeout-ms');
});

test('every setting has its own variable and flag', async () => {
  const leaves = leavesIn(await loadSections(sectionNames));
  const variables = leaves.flatMap(({ variable }) => [variable, `${variable}_FILE`]);
  expect(new Set(variables).size).toBe(variables.length);
  const flags = (await flagsOf(sectionNames)).map(({ flag }) => flag);
  expect(new Set(flags).size).toBe(flags.length);
});

test('a flag can name the file of a secret', async () => {
  const secret = (await flagsOf(['argocd'])).filter(({ path }) => path.startsWith('argocd.token'));
  expect(secret.map(({ path, flag }) => [path, flag])).toEqual([
    ['argocd.token', '--argocd-token'],
    ['argocd.tokenFile', '--argocd-token-file'],
  ]);
  const { config } = await load({ files: { './token': 'abc\n' }, flags: { 'argocd.tokenFile': './token' } });
  expect(config.argocd.token).toBe('abc');
});

test('flags of other sections are ignored, but an undeclared flag stops the program', async () => {
  const { config } = await load({ sections: ['log'], flags: { 'broker.port': 'abc', 'log.level': 'warn' } });
  expect(config.log.level).toBe('warn');
  await expect(load({ sections: ['log'], flags: { 'log.levl': 'warn' } })).rejects.toThrow(TypeError);
});

test('RELEASE_BUTTON_ARGOCD_* is stronger than ARGOCD_*, which is stronger than the file', async () => {
  const file = 'argocd:\n  server: https://file.example\n  token: of-file\n';
  const shared = { ARGOCD_SERVER: 'shared.example', ARGOCD_AUTH_TOKEN: 'of-shared' };
  const ownVariables = { RELEASE_BUTTON_ARGOCD_SERVER: 'own.example', RELEASE_BUTTON_ARGOCD_TOKEN: 'of-own' };
  const weak = await load({ file, env: shared });
  expect(weak.config.argocd).toMatchObject({ server: 'https://shared.example', token: 'of-shared' });
  expect(leaf(weak, 'argocd.server').origin).toBe('ARGOCD_SERVER');
  const strong = await load({ file, env: { ...shared, ...ownVariables } });
  expect(strong.config.argocd).toMatchObject({ server: 'https://own.example', token: 'of-own' });
  expect(leaf(strong, 'argocd.token')).toMatchObject({
    value: '********',
    origin: 'RELEASE_BUTTON_ARGOCD_TOKEN',
  });
});

test('an empty variable counts as not set, even if it is unknown', async () => {
  const env = { RELEASE_BUTTON_LOG_LEVEL: '', ARGOCD_AUTH_TOKEN: '', RELEASE_BUTTON_NO_SUCH: '' };
  const result = await load({ env, file: 'log: {level: warn}' });
  expect(result.config.log.level).toBe('warn');
  expect(result.config.argocd.token).toBeUndefined();
});

test('a list in a variable is YAML or JSON', async () => {
  const json = '[{"id":"web","select":{"projects":["shop"]}}]';
  const { config } = await load({ env: { RELEASE_BUTTON_WORKER_BUTTONS: json } });
  expect(config.worker.buttons[0]).toMatchObject({
    id: 'web',
    select: { projects: ['shop'] },
    coolDownMs: 2000,
  });
});

test.each([
  ['[{id: main', 'is not YAML: column 2: the `{` here is not closed'],
  ['{id: main}', 'must be a list'],
  ['main', 'must be a list'],
  [`[${' '.repeat(256 * 1024)}]`, 'is larger than 256 KiB'],
])(
  'the list %.20s in a variable is refused, without errors that only follow from it',
  async (text, message) => {
    const problem = await onlyProblem({ env: { RELEASE_BUTTON_WORKER_BUTTONS: text } });
    expect(problem).toMatchObject({ key: 'worker.buttons', origin: 'RELEASE_BUTTON_WORKER_BUTTONS' });
    expect(problem.message).toContain(message);
  },
);

test('an error inside a list from a variable names the variable and the place', async () => {
  const env = {
    RELEASE_BUTTON_WORKER_BUTTONS: '[{id: a, select: {all: true}}, {id: b, selct: {all: true}}]',
  };
  const { problems } = await failure({ sections: ['worker'], env });
  expect(problems.map(({ key, origin }) => [key, origin])).toEqual([
    ['worker.buttons[1].select', 'RELEASE_BUTTON_WORKER_BUTTONS, at [1].select'],
    ['worker.buttons[1].selct', 'RELEASE_BUTTON_WORKER_BUTTONS, at [1].selct'],
  ]);
});

test.each(['abc', 'NaN', '12a', '1e3', '0x10', 'Infinity', '1.5', '', ' '])(
  'the number %j in a flag is an error that names the flag',
  async (text) => {
    const problem = await onlyProblem({ flags: { 'broker.port': text } });
    expect(problem).toMatchObject({ key: 'broker.port', origin: '--broker-port' });
    expect(problem.message).toMatch(/a whole number( from 0 to 65535)?$/);
    expect(problem.value).toContain(text.trim());
  },
);

test.each(['1e3', '0x10', '007', 'true', '1.0'])(
  'the text %j is the same from a flag, a variable and a file',
  async (text) => {
    const file = `mqtt: {username: me, password: ${text}}`;
    expect((await load({ file })).config.mqtt.password).toBe(text);
    const env = { RELEASE_BUTTON_MQTT_USERNAME: 'me', RELEASE_BUTTON_MQTT_PASSWORD: text };
    expect((await load({ env })).config.mqtt.password).toBe(text);
    const flags = { 'mqtt.username': 'me', 'mqtt.password': text };
    expect((await load({ flags })).config.mqtt.password).toBe(text);
  },
);

test.each(['yes', '1', 'on'])('the boolean %j is an error', async (text) => {
  const problem = await onlyProblem({ env: { RELEASE_BUTTON_HEALTH_ENABLED: text } });
  expect(problem).toMatchObject({ key: 'health.enabled', value: JSON.stringify(text) });
  expect(problem.message).toContain('true or false');
});

test('an unknown variable is an error with the nearest name, and its value is not shown', async () => {
  const { problems, message } = await failure({
    env: { RELEASE_BUTTON_ARGOCD_TOKNE: 'xyzzy', RELEASE_BUTTON_QWERTYUIOP: 'plugh' },
  });
  expect(problems.map(({ key, remedy }) => [key, remedy])).toEqual([
    ['RELEASE_BUTTON_ARGOCD_TOKNE', 'did you mean RELEASE_BUTTON_ARGOCD_TOKEN? Otherwise unset it'],
    ['RELEASE_BUTTON_QWERTYUIOP', expect.stringContaining('unset it')],
  ]);
  expect(message).not.toMatch(/xyzzy|plugh/);
});

test('a wrong value in a weaker source is not an error if a stronger source has a correct one', async () => {
  const { config } = await load({
    file: 'broker: {port: abc}',
    env: { RELEASE_BUTTON_BROKER_PORT: 'def' },
    flags: { 'broker.port': '1884' },
  });
  expect(config.broker.port).toBe(1884);
});

test('the variables that Kubernetes sets for a service release-button-broker are ignored, with a warning', async () => {
  const { config, warnings } = await load({
    env: {
      RELEASE_BUTTON_BROKER_PORT: 'tcp://10.0.0.1:1883',
      RELEASE_BUTTON_BROKER_SERVICE_HOST: '10.0.0.1',
      RELEASE_BUTTON_BROKER_SERVICE_PORT_MQTT: '1883',
      RELEASE_BUTTON_BROKER_PORT_1883_TCP_ADDR: '10.0.0.1',
      RELEASE_BUTTON_PORT: 'tcp://10.0.0.2:1883',
    },
  });
  expect(config.broker.port).toBe(1883);
  expect(warnings).toEqual([expect.stringContaining('enableServiceLinks')]);
});
