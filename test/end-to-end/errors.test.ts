// What a person gets after a mistake: a short message with the remedy, and the right exit code. After a network fault the
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

const selectAll = '[{"id":"main","select":{"all":true}}]';
const worker = {
  ARGOCD_AUTH_TOKEN: 'simulated',
  RELEASE_BUTTON_WORKER_BUTTONS: selectAll,
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
    [
      'an unknown key, with the nearest known key',
      'broker:\n  prot: 1884\n',
      /broker\.prot[\s\S]*broker\.port/,
    ],
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
      'a broker that is open to everybody without permission',
      'broker:\n  host: 0.0.0.0\n',
      /allowAnonymousBeyondLoopback/,
    ],
  ])('is reported with %s, and the process ends with 2', async (_, text, words) => {
    const start = workplace.start(['start', ...file(text)]);
    expect(await start.exited).toMatchObject({ code: 2 });
    expect(start.output()).toMatch(words);
    expect(start.output()).not.toContain('    at ');
  });

  it('without a token is reported with how to get one, and the process ends with 2', async () => {
    const missing = workplace.start(['release-worker'], {
      ARGOCD_SERVER: 'https://argocd.example',
      RELEASE_BUTTON_WORKER_BUTTONS: selectAll,
    });
    expect(await missing.exited).toMatchObject({ code: 2 });
    expect(missing.output()).toMatch(/argocd\.token[\s\S]*argocd account generate-token/);
  });

  it('with an unknown flag or command is reported, and the process ends with 2', async () => {
    const flag = workplace.start(['start', '--broker-prot', '1']);
    const misspelt = workplace.start(['strat']);
    expect(await flag.exited).toMatchObject({ code: 2 });
    expect(await misspelt.exited).toMatchObject({ code: 2 });
    expect(flag.output()).toContain('--broker-port');
    expect(misspelt.output()).toContain('start');
  });
});

describe('a port or directory that cannot be used', () => {
  it('is reported if another process uses the port, and the process ends with 3', async () => {
    const first = workplace.start(['broker']);
    const { port } = new URL(await first.untilListening((line) => line['part'] === 'broker'));
    const second = workplace.start(['broker'], { RELEASE_BUTTON_BROKER_PORT: port });
    expect(await second.exited).toMatchObject({ code: 3 });
    expect(second.output()).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*in use.*--broker-port`));
  });

  it('is reported if the state directory is not writable, and the process ends with 3', async () => {
    writeFileSync(join(workplace.directory, 'state'), 'a file where the directory should be');
    const start = workplace.start(['release-worker'], { ...worker, ARGOCD_SERVER: 'http://127.0.0.1:1' });
    expect(await start.exited).toMatchObject({ code: 3 });
    expect(start.output()).toMatch(/state.*worker\.stateDir/);
  });
});

describe('a second process with the same state directory', () => {
  it('ends with 3 and names the directory and the first process; after a kill of the first process it starts', async () => {
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
    const thirdWorker = workplace.start(['release-worker'], settings);
    await healthUrl(thirdWorker);
    expect(thirdWorker.output()).not.toContain('make sure that no second process');
  });
});

describe('an unusable Argo CD', () => {
  let argocd: Running;
  let server: string;
  beforeEach(async () => {
    argocd = workplace.startArgoCd();
    ({ url: server } = await controlOf(argocd));
  });

  it('that refuses the token is reported by the worker with the remedy', async () => {
    const start = workplace.start(['release-worker'], {
      ...worker,
      ARGOCD_SERVER: server,
      ARGOCD_AUTH_TOKEN: 'wrong-token-1234',
    });
    await untilHealthSays(start, /does not accept the token.*generate-token/);
    expect(start.output()).not.toContain('wrong-token-1234');
  });

  it('that shows nothing to the account is reported with the right to get applications', async () => {
    await argocdControl(server).post('world', {
      ...Object(worldOf([{ name: 'shop', drifted: true }])),
      accounts: [{ name: 'button' }],
    });
    const start = workplace.start(['release-worker'], { ...worker, ARGOCD_SERVER: server });
    await untilHealthSays(start, /sees no application.*applications, get/);
  });

  it('that does not run is reported, and the worker connects when it starts', async () => {
    const { port } = new URL(server);
    argocd.signal('SIGKILL');
    await argocd.exited;
    const start = workplace.start(['release-worker'], { ...worker, ARGOCD_SERVER: server });
    await untilHealthSays(start, /could not.*ECONNREFUSED.*argocd\.server/);
    const restarted = await controlOf(workplace.startArgoCd({ port: Number(port) }));
    await restarted.post('world', worldOf([{ name: 'shop' }]));
    await start.untilOutput(/Argo CD at .* answers/);
  });

  it('that is another program is reported as not Argo CD', async () => {
    const otherProgram = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<html>Welcome</html>');
    });
    const port = await listenOnFreePort(otherProgram);
    try {
      const start = workplace.start(['release-worker'], {
        ...worker,
        ARGOCD_SERVER: `http://127.0.0.1:${port}`,
      });
      await untilHealthSays(start, /is not Argo CD's.*argocd\.server/);
    } finally {
      otherProgram.closeAllConnections();
      otherProgram.close();
    }
  });
});

describe('an unusable broker', () => {
  it('that does not run is reported by the agent, which keeps trying and can be stopped at once', async () => {
    const agent = workplace.start(['gpio-agent'], { RELEASE_BUTTON_MQTT_URL: 'mqtt://127.0.0.1:1' });
    await untilHealthSays(agent, /127\.0\.0\.1:1 cannot be reached.*mqtt\.url.*next try in/);
    agent.signal('SIGTERM');
    expect(await agent.exited).toEqual({ code: 0, signal: null });
  });

  it.skipIf(!hasMosquittoBroker)(
    'that refuses the password is reported by the agent with what to set (skipped without mosquitto)',
    async () => {
      const directory = join(workplace.directory, 'mosquitto');
      mkdirSync(directory);
      writeFileSync(join(directory, 'passwords'), '');
      spawnSync('mosquitto_passwd', ['-b', join(directory, 'passwords'), 'agent', 'right']);
      // The test chooses a port, because mosquitto does not report the port that it gets for 0.
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
