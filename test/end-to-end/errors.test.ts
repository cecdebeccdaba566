// What a person gets after a mistake: a short message with the remedy, and the right exit code. For network faults the
// process does not exit: it keeps trying, and /healthz and the light show the truth.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOnFreePort } from '../support/listening.ts';
import { createWorkplace, type Running, type Workplace } from '../support/processes.ts';
import { freePort } from '../support/ports.ts';
import { hasMosquittoBroker } from '../support/programs.ts';
import { argocdControl, controlOf, worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';

const everything = '[{"id":"main","select":{"all":true}}]';
const worker = {
  ARGOCD_AUTH_TOKEN: 'simulated',
  RELEASE_BUTTON_WORKER_BUTTONS: everything,
  RELEASE_BUTTON_MQTT_URL: 'mqtt://127.0.0.1:1',
};

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

const healthUrl = (running: Running) =>
  running.untilListening((line) => line['what'] === 'health and metrics');

async function checks(running: Running): Promise<{ status: number; text: string }> {
  const response = await fetch(`${await healthUrl(running)}/healthz`);
  return { status: response.status, text: await response.text() };
}

async function untilHealthSays(running: Running, words: RegExp): Promise<void> {
  await until(`/healthz to say ${String(words)}`, async () => {
    const { status, text } = await checks(running);
    return status === 503 && words.test(text);
  });
}

describe('an invalid configuration', () => {
  const file = (text: string) => {
    writeFileSync(join(workplace.directory, 'button.yaml'), text);
    return ['--config', 'button.yaml'];
  };

  it.each([
    ['broken YAML', 'mqtt: {url: [\n', /button\.yaml:\d/],
    ['an unknown key, with the nearest one', 'broker:\n  prot: 1884\n', /broker\.prot[\s\S]*broker\.port/],
    [
      'a wrong type, with value and line',
      'mqtt:\n  keepAliveSeconds: many\n',
      /mqtt\.keepAliveSeconds = "many".*button\.yaml:2/,
    ],
    [
      'two errors at once',
      'mqtt:\n  keepAliveSeconds: many\nagent:\n  sampleMs: -1\n',
      /mqtt\.keepAliveSeconds[\s\S]*agent\.sampleMs/,
    ],
    [
      'a button without a selection',
      'worker:\n  buttons:\n    - id: main\n',
      /select[\s\S]*projects: \[shop\]/,
    ],
    [
      'a broker for everybody without saying so',
      'broker:\n  host: 0.0.0.0\n',
      /allowAnonymousBeyondLoopback/,
    ],
  ])('names %s and exits with 2', async (_, text, words) => {
    const start = workplace.start(['start', ...file(text)]);
    expect(await start.exited).toMatchObject({ code: 2 });
    expect(start.output()).toMatch(words);
    expect(start.output()).not.toContain('    at ');
  });

  it('says how to get a token if there is none, and exits with 2', async () => {
    const missing = workplace.start(['release-worker'], {
      ARGOCD_SERVER: 'https://argocd.example',
      RELEASE_BUTTON_WORKER_BUTTONS: everything,
    });
    expect(await missing.exited).toMatchObject({ code: 2 });
    expect(missing.output()).toMatch(/argocd\.token[\s\S]*argocd account generate-token/);
  });

  it('names a flag or command that does not exist and exits with 2', async () => {
    const flag = workplace.start(['start', '--broker-prot', '1']);
    const misspelt = workplace.start(['strat']);
    expect(await flag.exited).toMatchObject({ code: 2 });
    expect(await misspelt.exited).toMatchObject({ code: 2 });
    expect(flag.output()).toContain('--broker-port');
    expect(misspelt.output()).toContain('start');
  });
});

describe('a port or directory that cannot be used', () => {
  it('names the port in use with the remedy and exits with 3', async () => {
    const first = workplace.start(['broker']);
    const { port } = new URL(await first.untilListening((line) => line['part'] === 'broker'));
    const second = workplace.start(['broker'], { RELEASE_BUTTON_BROKER_PORT: port });
    expect(await second.exited).toMatchObject({ code: 3 });
    expect(second.output()).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*in use.*--broker-port`));
  });

  it('names a state directory that is not writable and exits with 3', async () => {
    writeFileSync(join(workplace.directory, 'state'), 'a file where the directory should be');
    const start = workplace.start(['release-worker'], { ...worker, ARGOCD_SERVER: 'http://127.0.0.1:1' });
    expect(await start.exited).toMatchObject({ code: 3 });
    expect(start.output()).toMatch(/state.*worker\.stateDir/);
  });
});

describe('a second process with the same state directory', () => {
  it('names the directory and the first process, and exits with 3; after a kill of the first it starts', async () => {
    const settings = { ...worker, ARGOCD_SERVER: 'http://127.0.0.1:1' };
    const first = workplace.start(['release-worker'], settings);
    await healthUrl(first);
    const second = workplace.start(['release-worker'], settings);
    expect(await second.exited).toMatchObject({ code: 3 });
    expect(second.output()).toMatch(
      /state directory .*state \(worker\.stateDir\) is in use by process \d+ on .*, since 20/,
    );
    first.signal('SIGKILL');
    await first.exited;
    const third = workplace.start(['release-worker'], settings);
    await healthUrl(third);
    expect(third.output()).not.toContain('make sure that no second process');
  });
});

describe('an unusable Argo CD', () => {
  let argocd: Running;
  let server: string;
  beforeEach(async () => {
    argocd = workplace.startArgoCd();
    ({ url: server } = await controlOf(argocd));
  });

  it('refuses the token: the worker says so, with the remedy', async () => {
    const start = workplace.start(['release-worker'], {
      ...worker,
      ARGOCD_SERVER: server,
      ARGOCD_AUTH_TOKEN: 'wrong-token-1234',
    });
    await untilHealthSays(start, /does not accept the token.*generate-token/);
    expect(start.output()).not.toContain('wrong-token-1234');
  });

  it('shows nothing to the account: the worker says that it needs the right to get applications', async () => {
    await argocdControl(server).post('world', {
      ...Object(worldOf([{ name: 'shop', drifted: true }])),
      accounts: [{ name: 'button' }],
    });
    const start = workplace.start(['release-worker'], { ...worker, ARGOCD_SERVER: server });
    await untilHealthSays(start, /sees no application.*applications, get/);
  });

  it('does not run: the worker says so, and connects when it starts', async () => {
    const { port } = new URL(server);
    argocd.signal('SIGKILL');
    await argocd.exited;
    const start = workplace.start(['release-worker'], { ...worker, ARGOCD_SERVER: server });
    await untilHealthSays(start, /could not.*ECONNREFUSED.*argocd\.server/);
    const again = await controlOf(workplace.startArgoCd({ port: Number(port) }));
    await again.post('world', worldOf([{ name: 'shop' }]));
    await start.untilOutput(/Argo CD at .* answers/);
  });

  it('is another program: the worker says that it is not Argo CD', async () => {
    const other = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<html>Welcome</html>');
    });
    const port = await listenOnFreePort(other);
    try {
      const start = workplace.start(['release-worker'], {
        ...worker,
        ARGOCD_SERVER: `http://127.0.0.1:${port}`,
      });
      await untilHealthSays(start, /is not Argo CD's.*argocd\.server/);
    } finally {
      other.closeAllConnections();
      other.close();
    }
  });
});

describe('an unusable broker', () => {
  it('does not run: the agent says so and keeps trying, and stops at once when told to', async () => {
    const agent = workplace.start(['gpio-agent'], { RELEASE_BUTTON_MQTT_URL: 'mqtt://127.0.0.1:1' });
    await untilHealthSays(agent, /127\.0\.0\.1:1 cannot be reached.*mqtt\.url.*next try in/);
    agent.signal('SIGTERM');
    expect(await agent.exited).toEqual({ code: 0, signal: null });
  });

  it.skipIf(!hasMosquittoBroker)(
    'refuses the password: the agent says what to set (skipped without mosquitto)',
    async () => {
      const directory = join(workplace.directory, 'mosquitto');
      mkdirSync(directory);
      writeFileSync(join(directory, 'passwords'), '');
      spawnSync('mosquitto_passwd', ['-b', join(directory, 'passwords'), 'agent', 'right']);
      // A port of its own: mosquitto does not report the one it takes when asked for any.
      const port = await freePort();
      writeFileSync(
        join(directory, 'mosquitto.conf'),
        `listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${directory}/passwords\nuser root\n`,
      );
      const broker = workplace.spawn('mosquitto', ['-c', join(directory, 'mosquitto.conf')]);
      await broker.untilOutput('running');
      const agent = workplace.start(['gpio-agent'], {
        RELEASE_BUTTON_MQTT_URL: `mqtt://127.0.0.1:${port}`,
        RELEASE_BUTTON_MQTT_USERNAME: 'agent',
        RELEASE_BUTTON_MQTT_PASSWORD: 'mistaken-secret',
      });
      await untilHealthSays(agent, /refused the connection.*mqtt\.username/);
      expect(agent.output()).not.toContain('mistaken-secret');
    },
  );
});
