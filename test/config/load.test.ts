// The sources of a value: defaults, file, environment, flags.
import { describe, expect, expectTypeOf, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/sections.ts';
import { directory, failure, leaf, load, onlyProblem } from './support.ts';

describe('defaults', () => {
  test('without file, variables and flags, every setting has its documented default', async () => {
    const { config, file, warnings } = await load();
    expect(file).toBeUndefined();
    expect(warnings).toEqual([]);
    expect(config.mqtt).toEqual({
      topicPrefix: 'release-button',
      keepAliveSeconds: 15,
      reconnectMinMs: 1000,
      reconnectMaxMs: 60_000,
    });
    expect(config.health).toEqual({ host: '127.0.0.1', enabled: true });
    expect(config.agent).toEqual({
      id: 'main',
      driver: 'auto',
      sampleMs: 5,
      buttons: [
        {
          id: 'main',
          line: 17,
          pull: 'up',
          activeLow: true,
          debounceMs: 30,
          gestures: ['press'],
          holdMs: 1000,
          doubleMs: 400,
          stuckAfterMs: 30_000,
        },
      ],
      keySwitches: [],
      leds: [{ id: 'main', line: 27, activeLow: false, follows: 'main' }],
      resultTimeoutMs: 5000,
    });
    expect(config.worker).toEqual({
      id: 'main',
      stateDir: './state',
      maxPressAgeMs: 10_000,
      maxPressesPerMinute: 60,
      refreshOnPressMax: 20,
      buttons: [
        {
          id: 'main',
          select: { all: true },
          on: { press: 'release' },
          coolDownMs: 2000,
          refresh: 'normal',
          pinRevision: true,
          prune: false,
          dryRun: false,
          waves: [],
          syncOptions: [],
          syncOptionsMode: 'merge',
          strategy: 'hook',
          force: false,
        },
      ],
      presses: [],
      lights: [],
      release: { appTimeoutMs: 600_000, refreshTimeoutMs: 15_000, concurrency: 5, waitHealthy: false },
      drift: {
        maxAgeMs: 60_000,
        listEveryMs: 180_000,
        streamIdleMs: 45_000,
        automatedGraceMs: 10_000,
        maxPublishesPerSecond: 50,
      },
    });
    expect(config.argocd).toEqual({ insecure: false, requestTimeoutMs: 10_000 });
    expect(config.simulator).toEqual({
      host: '127.0.0.1',
      port: 8081,
      token: 'simulated',
      driftEveryMs: 60_000,
    });
    expect(config.broker.port).toBe(1883);
  });

  test('the entries of a list in the file also get their defaults', async () => {
    const { config } = await load({
      sections: ['agent'],
      file: 'agent:\n  buttons:\n    - {id: red, line: 5}\n    - {id: blue, line: 6, gestures: [press, hold]}\n',
    });
    expect(config.agent.buttons.map(({ id, line, debounceMs }) => ({ id, line, debounceMs }))).toEqual([
      { id: 'red', line: 5, debounceMs: 30 },
      { id: 'blue', line: 6, debounceMs: 30 },
    ]);
  });

  test('an `on` that names only hold does not make a press release', async () => {
    const { config } = await load({
      sections: ['worker'],
      env: { RELEASE_BUTTON_WORKER_BUTTONS: '[{select: {all: true}, on: {hold: release}}]' },
    });
    expect(config.worker.buttons[0]?.on).toEqual({ hold: 'release' });
  });

  test.each(['', '# nothing but a comment\n', 'mqtt:\nlog:\n', 'mqtt:\n  url:\n  topicPrefix: ~\n', '{}'])(
    'a file without values (%j) changes nothing',
    async (file) => {
      const { config } = await load({ file });
      expect(config.mqtt.topicPrefix).toBe('release-button');
      expect(config.mqtt.url).toBeUndefined();
    },
  );

  test('the program can replace a default, and the file is stronger', async () => {
    const defaults = { origin: 'demo', values: { 'log.level': 'warn', 'mqtt.topicPrefix': 'demo' } };
    const result = await load({ defaults, file: 'log:\n  level: debug\n' });
    expect(leaf(result, 'log.level')).toMatchObject({
      value: 'debug',
      origin: 'config/release-button.yaml:2',
    });
    expect(leaf(result, 'mqtt.topicPrefix')).toMatchObject({ value: 'demo', origin: 'demo' });
  });

  test('the program can force values, and unset them, and is stronger than every other source', async () => {
    const result = await load({
      file: 'argocd:\n  server: https://production.example\n  caFile: ca.pem\n',
      env: {
        ARGOCD_SERVER: 'production.example',
        ARGOCD_AUTH_TOKEN: 'broken token',
        ARGOCD_AUTH_TOKEN_FILE: '/x',
      },
      flags: { 'argocd.server': 'https://production.example' },
      forced: {
        origin: 'demo',
        values: {
          'argocd.server': 'http://127.0.0.1:1',
          'argocd.token': 'simulated',
          'argocd.caFile': undefined,
        },
      },
    });
    expect(result.config.argocd).toMatchObject({ server: 'http://127.0.0.1:1', token: 'simulated' });
    expect(result.config.argocd).not.toHaveProperty('caFile');
    expect(leaf(result, 'argocd.server').origin).toBe('demo');
    expect(result.warnings).toEqual([]);
  });

  test('a program that forces an unknown setting is stopped', async () => {
    const forced = { origin: 'demo', values: { 'argocd.servr': 'http://127.0.0.1:1' } };
    await expect(load({ forced })).rejects.toThrow(TypeError);
    await expect(load({ forced, sections: ['log'] })).resolves.toBeDefined();
  });
});

describe('the configuration file', () => {
  test('is read from config/release-button.yaml if that exists', async () => {
    const result = await load({ file: 'log:\n  # how much\n  level: debug\n' });
    expect(result.file).toBe('config/release-button.yaml');
    expect(leaf(result, 'log.level')).toMatchObject({
      value: 'debug',
      origin: 'config/release-button.yaml:3',
    });
    expect(leaf(result, 'log.format')).toMatchObject({ value: 'auto', origin: 'default' });
  });

  test('is read from the path of --config, and not from the default path', async () => {
    const result = await load({
      configFile: 'etc/other.yaml',
      file: 'log: {level: fatal}',
      files: { 'etc/other.yaml': 'log: {format: json}' },
    });
    expect(result.config.log).toEqual({ level: 'info', format: 'json' });
    expect(result.file).toBe('etc/other.yaml');
  });

  test('must exist if --config names it', async () => {
    expect(await onlyProblem({ configFile: 'other.yaml', file: '' })).toMatchObject({
      key: 'other.yaml',
      origin: '--config',
      message: expect.stringContaining('the configuration file does not exist') as unknown,
    });
  });

  test.each([
    ['a directory', { 'config/release-button.yaml/x': '' }, 'is a directory'],
    ['too large', { 'config/release-button.yaml': '#'.repeat(256 * 1024 + 1) }, 'is larger than 256 KiB'],
    [
      'not text',
      { 'config/release-button.yaml': new Uint8Array([0x6c, 0xff, 0xfe]) },
      'is not text in UTF-8',
    ],
  ])('is refused if it is %s', async (_, files, reason) => {
    expect((await onlyProblem({ files })).message).toContain(reason);
  });

  test('may be of exactly the largest size, with a byte order mark', async () => {
    const text = '\uFEFFlog: {level: warn} #';
    const { config } = await load({ file: text.padEnd(256 * 1024 - 2, '#') });
    expect(config.log.level).toBe('warn');
  });

  test('may use anchors and aliases, and the reported lines are those of the target of the alias', async () => {
    const file =
      'worker:\n  buttons:\n    - &first {id: a, select: &s {all: true}}\n    - {id: b, select: *s}\n';
    const { config } = await load({ sections: ['worker'], env: { RELEASE_BUTTON_WORKER_BUTTONS: '' }, file });
    expect(config.worker.buttons.map(({ id, select }) => [id, select])).toEqual([
      ['a', { all: true }],
      ['b', { all: true }],
    ]);
  });
});

describe('sections', () => {
  test('are checked by the processes that use them; other processes check only their names', async () => {
    const file = 'broker:\n  prot: 1\nworker:\n  buttons: 5\nlgo:\n  level: info\n';
    expect(await onlyProblem({ sections: ['log'], file })).toMatchObject({
      key: 'lgo',
      message: 'is not a section of the configuration',
      remedy: 'did you mean `log`? Otherwise remove it',
    });
    const { config } = await load({
      sections: ['log'],
      file: 'broker: {prot: 1}',
      env: { RELEASE_BUTTON_BROKER_X: '1' },
    });
    expect(config).toEqual({ log: { level: 'info', format: 'auto' } });
  });

  test('with a required setting say how to get a value if no source sets it', async () => {
    const { problems } = await failure({ sections: ['argocd'], required: ['argocd.server', 'argocd.token'] });
    expect(problems.map(({ key, message }) => [key, message])).toEqual([
      ['argocd.server', 'is missing'],
      ['argocd.token', 'is missing'],
    ]);
    expect(problems[1]?.remedy).toContain('argocd account generate-token --account');
    expect(problems[1]?.remedy).toContain('ARGOCD_AUTH_TOKEN');
    expect(problems[1]?.remedy).toContain('RELEASE_BUTTON_ARGOCD_TOKEN_FILE');
  });

  test('have required settings whose type is never optional, and all others may be undefined', async () => {
    const result = await loadConfig({
      sections: ['argocd', 'log'],
      required: ['argocd.server'],
      cwd: await directory(),
      env: { ARGOCD_SERVER: 'argocd.example' },
      flags: {},
    });
    expectTypeOf(result.config.argocd.server).toEqualTypeOf<string>();
    expectTypeOf(result.config.argocd.token).toEqualTypeOf<string | undefined>();
    expectTypeOf(result.config).not.toHaveProperty('worker');
    expectTypeOf<Config['agent']['driver']>().toEqualTypeOf<'auto' | 'rpio' | 'gpiochip' | 'simulated'>();
    expectTypeOf<Config['worker']['buttons'][number]['select']>().not.toExtend<undefined>();
    expect(result.config.argocd.server).toBe('https://argocd.example');
  });
});

describe('Argo CD’s address', () => {
  test.each([
    ['argocd.example', 'https://argocd.example'],
    ['localhost:8080', 'https://localhost:8080'],
    ['[::1]:8080', 'https://[::1]:8080'],
    ['https://example.org/argo-cd/', 'https://example.org/argo-cd'],
    ['http://127.0.0.1:8081', 'http://127.0.0.1:8081'],
  ])('may be written as %s, which means %s', async (given, url) => {
    const { config } = await load({ env: { ARGOCD_SERVER: given } });
    expect(config.argocd.server).toBe(url);
  });

  test.each([
    ['http://argocd.example', 1],
    ['http://127.0.0.1', 0],
    ['http://localhost:80', 0],
    ['http://[::1]', 0],
    ['https://argocd.example', 0],
  ])('may be %s, and with a token it causes %i warnings', async (server, count) => {
    const { warnings } = await load({ env: { ARGOCD_SERVER: server, ARGOCD_AUTH_TOKEN: 'x' } });
    expect(warnings.filter((warning) => warning.includes('unencrypted'))).toHaveLength(count);
  });

  test('may be insecure, with a warning', async () => {
    const { warnings } = await load({ env: { ARGOCD_SERVER: 'a', RELEASE_BUTTON_ARGOCD_INSECURE: 'true' } });
    expect(warnings).toEqual([expect.stringContaining('certificate of Argo CD is not checked')]);
  });
});
