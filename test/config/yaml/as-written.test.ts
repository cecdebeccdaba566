// Text that YAML reads as another type is used as it was written, everywhere.
import { describe, expect, test } from 'vitest';
import { failure, load, onlyProblem } from '../support.ts';

const env = { RELEASE_BUTTON_WORKER_BUTTONS: '' };

describe('text needs no quotes, even if YAML reads it as another type', () => {
  test('in names, ids, labels and waves of a button', async () => {
    const file = `
worker:
  id: 007
  buttons:
    - id: 01
      title: 1.0
      select: { names: [1.10, 0x1F], labels: { version: 1.0, canary: True, year: 2026 } }
      waves: [[1.10], [0x1F]]
`;
    // Names of applications are in lower case. The message quotes the value as it was written.
    const { problems } = await failure({ file, env });
    expect(problems.map(({ key, value }) => [key, value])).toEqual([
      ['worker.buttons[0].select.names[1]', '"0x1F"'],
      ['worker.buttons[0].waves[1][0]', '"0x1F"'],
    ]);
    const { config } = await load({ file: file.replaceAll('0x1F', '0x1f'), env });
    expect(config.worker.id).toBe('007');
    expect(config.worker.buttons[0]).toMatchObject({
      id: '01',
      title: '1.0',
      select: { names: ['1.10', '0x1f'], labels: { version: '1.0', canary: 'True', year: '2026' } },
      waves: [['1.10'], ['0x1f']],
    });
  });

  test('in secrets, user names, topics and paths', async () => {
    const { config } = await load({
      file: `
mqtt: { username: 0123, password: 12345678901234567890123, topicPrefix: 1e3 }
argocd: { server: argocd.example, token: 0123 }
worker:
  stateDir: 0.10
  presses: [{ topic: 1.0, when: 1.0, path: 0 }]
  lights: [{ topic: 2, signals: { drifted: true, other: 1.5 }, back: { topic: 3, when: 01 } }]
`,
    });
    expect(config.mqtt).toMatchObject({
      username: '0123',
      password: '12345678901234567890123',
      topicPrefix: '1e3',
    });
    expect(config.argocd.token).toBe('0123');
    expect(config.worker).toMatchObject({
      stateDir: '0.10',
      presses: [{ topic: '1.0', when: '1.0', path: '0' }],
      lights: [{ topic: '2', signals: { drifted: true, other: 1.5 }, back: { topic: '3', when: '01' } }],
    });
  });

  test('in a list in a variable', async () => {
    const { config } = await load({
      env: { RELEASE_BUTTON_WORKER_PRESSES: '[{topic: a, when: True}, {"topic": "b", "when": 1.0}]' },
    });
    expect(config.worker.presses.map(({ when }) => when)).toEqual(['True', '1.0']);
  });

  test('but an invalid name is still refused, and is shown as it was written', async () => {
    expect(await onlyProblem({ file: 'log: {level: 01}' })).toMatchObject({
      key: 'log.level',
      value: '"01"',
    });
  });

  test('but numbers stay numbers, even where a name is allowed', async () => {
    const { config } = await load({ file: 'agent: {buttons: [{line: 5}], chip: 0}' });
    expect(config.agent.buttons[0]?.line).toBe(5);
    expect(config.agent.chip).toBe('0');
  });

  test('except where text, a number and true mean different things', async () => {
    const lights = (payload: string) =>
      `worker: {lights: [{topic: a, signals: {drifted: ${payload}, other: x}}]}`;
    const problem = await onlyProblem({ file: lights('True') });
    expect(problem).toMatchObject({
      origin: 'config/release-button.yaml:1',
      remedy: 'write "True" in quotes for the text, or true',
    });
    for (const payload of ['true', '1', '"True"', '"01"', '{state: True, level: 0.30}'])
      await expect(load({ file: lights(payload) }), payload).resolves.toBeDefined();
    const env = { RELEASE_BUTTON_WORKER_LIGHTS: '[{topic: a, signals: {other: 01}}]' };
    expect((await onlyProblem({ env })).remedy).toContain('"01"');
  });
});

describe('a key without a value', () => {
  test('is not set', async () => {
    const { config } = await load({
      file: 'mqtt:\n  url:\nworker:\n  release:\n  buttons:\n  - id: main\n    title:\n    waves: ~\n    select: {names: [a]}\n',
      env,
    });
    expect(config.mqtt.url).toBeUndefined();
    expect(config.worker.buttons[0]).toMatchObject({ id: 'main', waves: [] });
  });

  test('is reported if the key is unknown', async () => {
    expect((await onlyProblem({ file: 'mqtt: {ulr: }' })).remedy).toContain('mqtt.url');
  });

  test('never makes a selection wider', async () => {
    const file = 'homeAssistant: {applications: [{projects: [shop], labels: {team: }}]}';
    expect((await onlyProblem({ file })).key).toBe('homeAssistant.applications[0].labels.team');
  });
});

describe('quotes that were meant for a shell', () => {
  test.each([
    ['ARGOCD_AUTH_TOKEN', '"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"', 'argocd.token'],
    ['ARGOCD_AUTH_TOKEN', "'eyJhbGciOiJIUzI1NiJ9.e30.c2ln'\r", 'argocd.token'],
    ['ARGOCD_SERVER', '"argocd.example"', 'argocd.server'],
    ['RELEASE_BUTTON_ARGOCD_TOKEN_FILE', '"/run/secrets/token"', 'argocd.token'],
    ['RELEASE_BUTTON_ARGOCD_PASSWORD', '"hunter2"', 'argocd.password'],
    ['RELEASE_BUTTON_MQTT_URL', '"mqtt://broker.example"', 'mqtt.url'],
    ['RELEASE_BUTTON_MQTT_PASSWORD', "'hunter2'", 'mqtt.password'],
    ['RELEASE_BUTTON_BROKER_PORT', '"1884"', 'broker.port'],
    ['RELEASE_BUTTON_WORKER_STATE_DIR', '"./state"', 'worker.stateDir'],
    ['RELEASE_BUTTON_WORKER_BUTTONS', "'[{id: main, select: {projects: [shop]}}]'", 'worker.buttons'],
  ])('are an error that names them: %s=%s', async (name, text, key) => {
    const users = { RELEASE_BUTTON_MQTT_USERNAME: 'me', RELEASE_BUTTON_ARGOCD_USERNAME: 'me' };
    const env = { ...(name.includes('PASSWORD') ? users : {}), [name]: text };
    const flags = name.includes('MQTT_PASSWORD') ? { 'argocd.password': 'x' } : {};
    const { problems, message } = await failure({ env, flags });
    expect(problems).toMatchObject([
      { key, origin: name, message: 'is in quotes, and quotes are part of the value here' },
    ]);
    expect(problems[0]?.remedy).toContain('remove the quotes');
    expect(message).not.toMatch(/hunter2|eyJ/);
  });

  test('are also an error on the command line, and in the file of a token', async () => {
    expect(await onlyProblem({ flags: { 'argocd.token': '"abc"' } })).toMatchObject({
      origin: '--argocd-token',
    });
    const file = 'argocd: {tokenFile: token}';
    const problem = await onlyProblem({ file, files: { token: '"abc"\n' } });
    expect(problem).toMatchObject({
      key: 'argocd.token',
      message: 'begins or ends with a quote, and quotes are part of the value here',
    });
    expect(problem.remedy).toContain('without quotes');
  });

  test('are kept inside a value, and around a password in a file', async () => {
    const { config } = await load({
      file: 'mqtt: {username: me, passwordFile: password}',
      files: { password: '"hunter2"' },
      env: { RELEASE_BUTTON_ARGOCD_HEADERS: 'Cookie: a="b"' },
    });
    expect(config.mqtt.password).toBe('"hunter2"');
    expect(config.argocd.headers).toBe('Cookie: a="b"');
  });
});

describe('line breaks at the end of a secret or URL', () => {
  test.each(['\n', '\r', '\r\n', '\n\n'])('%j are removed', async (end) => {
    const { config } = await load({
      file: `mqtt:\n  username: me\n  password: |\n    p1\nargocd:\n  username: me\n  passwordFile: password\n`,
      files: { password: `\ufeffp2${end}` },
      env: { ARGOCD_SERVER: `argocd.example${end}`, RELEASE_BUTTON_MQTT_URL: `mqtt://broker.example${end}` },
    });
    expect(config.mqtt).toMatchObject({ password: 'p1', url: 'mqtt://broker.example' });
    expect(config.argocd).toMatchObject({ password: 'p2', server: 'https://argocd.example' });
    const token = await load({ env: { ARGOCD_AUTH_TOKEN: `abc${end}` } });
    expect(token.config.argocd.token).toBe('abc');
  });
});
