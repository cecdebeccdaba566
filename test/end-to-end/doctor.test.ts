// `release-button doctor` as a process: against a broker, a worker and Argo CDs that are there, gone, strange or silent.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod/mini';
import { freePort } from '../support/ports.ts';
import { startApart } from '../support/installation.ts';
import { createWorkplace, publish } from '../support/processes.ts';
import type { Workplace } from '../support/processes.ts';
import { simulatorControl, worldOf } from '../support/simulator.ts';
import { until } from '../support/wait.ts';

/** As docs/doctor.md describes it. */
const reportSchema = z.strictObject({
  version: z.string(),
  at: z.iso.datetime(),
  process: z.enum(['start', 'release-worker', 'gpio-agent']),
  ok: z.boolean(),
  checks: z.array(
    z.strictObject({
      check: z.enum([
        'configuration',
        'broker',
        'process',
        'argocd',
        'account',
        'applications',
        'button',
        'clock',
        'state',
      ]),
      subject: z.exactOptional(z.string()),
      status: z.enum(['ok', 'warning', 'failed', 'skipped']),
      found: z.string(),
      remedy: z.exactOptional(z.string()),
      details: z.exactOptional(z.record(z.string(), z.unknown())),
    }),
  ),
});

const token = `e30.${Buffer.from('{"sub":"button"}').toString('base64url')}.c2VjcmV0LXNpZ25hdHVyZS1vZi1h`;
const password = 'correct-horse-battery-staple';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

type Env = Readonly<Record<string, string>>;

async function doctor(env: Env, args: readonly string[] = ['release-worker']) {
  const startedAt = performance.now();
  const running = workplace.start(['doctor', ...args, '--json'], env);
  const { code } = await running.exited;
  const output = running.output();
  const report = reportSchema.parse(JSON.parse(output));
  // What holds for every report.
  expect(code).toBe(report.ok ? 0 : 1);
  expect(report.ok).toBe(report.checks.every(({ status }) => status !== 'failed'));
  for (const { status, remedy } of report.checks)
    expect(remedy !== undefined).toBe(status === 'failed' || status === 'warning');
  expect(output).not.toContain(token);
  expect(output).not.toContain(password);
  return {
    output,
    elapsedMs: performance.now() - startedAt,
    row: (check: string, subject?: string) => {
      const found = report.checks.find((row) => row.check === check && row.subject === subject);
      if (found === undefined) throw new Error(`no row ${check} ${subject ?? ''} in ${output}`);
      return found;
    },
    failures: report.checks
      .filter(({ status }) => status === 'failed')
      .map(({ check, subject }) => (subject === undefined ? check : `${check} ${subject}`)),
    report,
  };
}

async function startBroker(): Promise<string> {
  return workplace.start(['broker']).listening((line) => line['part'] === 'broker');
}

async function startSimulator(world: object = worldWithToken()) {
  const simulator = workplace.start(['argocd-simulator']);
  const control = simulatorControl(await simulator.listening((line) => line['part'] === 'simulator'));
  await control.post('world', world);
  return control;
}

function worldWithToken(more: object = {}): object {
  const world = worldOf([{ name: 'shop' }, { name: 'blog' }]);
  return { ...z.looseObject({}).parse(world), tokens: [{ token, account: 'button' }], ...more };
}

function environment(mqttUrl: string, server: string, more: Env = {}): Env {
  return {
    RELEASE_BUTTON_MQTT_URL: mqttUrl,
    ARGOCD_SERVER: server,
    ARGOCD_AUTH_TOKEN: token,
    RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true}}]',
    ...more,
  };
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const serve = (answer: RequestListener) => listen(createHttpServer(answer));
/** Takes connections and never says a word. */
const listenSilently = () => listen(createServer());

describe('release-button doctor', () => {
  it('finds all well beside a running installation, and changes nothing there', async () => {
    const apart = await startApart([{ name: 'shop', drifted: true }]);
    onTestFinished(() => apart.workplace.clear());
    const { directory } = apart.workplace;
    const inside = () =>
      readdirSync(join(directory, 'state')).map((name) => [
        name,
        readFileSync(join(directory, 'state', name), 'utf8'),
      ]);
    const before = { disk: inside(), posts: await apart.argocd.syncs() };
    const { report, row } = await doctor(
      environment(apart.brokerUrl, apart.argocd.url, {
        ARGOCD_AUTH_TOKEN: 'simulated',
        RELEASE_BUTTON_WORKER_STATE_DIR: join(directory, 'state'),
      }),
    );
    expect(report.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(row('process', 'worker main').details).toMatchObject({ online: true, version: report.version });
    expect(row('process', 'agent main').details).toMatchObject({ online: true });
    expect(row('argocd').found).toMatch(/^a simulated Argo CD v3.+ answers at /);
    expect(row('account').found).toContain('button');
    expect(row('button', 'main').details).toMatchObject({
      applications: ['argocd/shop'],
      syncAsked: 1,
      syncRefused: [],
    });
    for (const clock of ['worker main', 'agent main', 'argocd', 'this machine']) row('clock', clock);
    expect(inside()).toEqual(before.disk);
    expect(await apart.argocd.syncs()).toEqual(before.posts);
    // What the worker says of itself goes on; what makes it or the light do something would be ours.
    const asked = /\/(press|set|get|terminate|arm|identify|result|event)$/;
    expect(apart.heard.all().filter(({ topic }) => asked.test(topic))).toEqual([]);
  });

  it('says for people what to do, with a cross for what is wrong and a tick for what is not', async () => {
    const control = await startSimulator();
    const port = await freePort();
    const running = workplace.start(
      ['doctor', 'release-worker'],
      environment(`mqtt://127.0.0.1:${port}`, control.url),
    );
    expect((await running.exited).code).toBe(1);
    expect(running.output()).toMatch(
      /^✗ broker +the broker at \S+ cannot be reached: nothing listens there/m,
    );
    expect(running.output()).toMatch(/^ +→ is the broker running/m);
    expect(running.output()).toMatch(/^✓ argocd /m);
    expect(running.output()).toMatch(/^1 to put right, 1 not asked$/m);
    expect(running.output()).not.toContain(token);
  });

  it('counts a worker that was there and has gone', async () => {
    const apart = await startApart([{ name: 'shop' }]);
    onTestFinished(() => apart.workplace.clear());
    apart.worker.signal('SIGTERM');
    await apart.worker.exited;
    await until(
      'the worker to be offline',
      () => apart.heard.on('release-button/worker/main/availability').at(-1)?.payload === 'offline',
    );
    const { failures, row } = await doctor(
      environment(apart.brokerUrl, apart.argocd.url, { ARGOCD_AUTH_TOKEN: 'simulated' }),
    );
    expect(failures).toEqual(['process worker main']);
    expect(row('process', 'worker main').remedy).toContain('release-button release-worker');
  });

  it('tells a wrong token, and does not show it', async () => {
    const control = await startSimulator();
    const wrong = `${token.slice(0, -4)}AAAA`;
    const { failures, row, output } = await doctor(
      environment(await startBroker(), control.url, { ARGOCD_AUTH_TOKEN: wrong }),
    );
    expect(failures).toEqual(['account']);
    expect(row('account').found).toContain('does not accept the token');
    expect(row('account').remedy).toContain('argocd account generate-token');
    expect(row('argocd').status).toBe('ok');
    expect(row('applications').status).toBe('skipped');
    expect(output).not.toContain(wrong);
  });

  it('does not show its secrets to a server that is no Argo CD', async () => {
    const asked: string[] = [];
    const port = await serve((request, response) => {
      asked.push(`${request.url ?? ''} ${JSON.stringify(request.headers)}`);
      response.setHeader('content-type', 'text/html').end('<h1>It works!</h1>');
    });
    const { failures, row } = await doctor(environment(await startBroker(), `http://127.0.0.1:${port}`));
    expect(failures).toEqual(['argocd']);
    expect(row('argocd').found).toMatch(/is not Argo CD's$/);
    expect(row('argocd').remedy).toContain('argocd.server');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.join('\n')).not.toContain(token);
  });

  it('takes out what a server repeats of the token', async () => {
    const port = await serve((request, response) => {
      response.setHeader('content-type', 'application/json');
      const said = request.headers.authorization ?? token;
      if (request.url === '/api/version') response.end(JSON.stringify({ Version: said }));
      else if (request.url === '/api/v1/session/userinfo')
        response.end(JSON.stringify({ loggedIn: true, username: said }));
      else response.writeHead(500).end(JSON.stringify({ code: 2, message: said }));
    });
    const { row } = await doctor(environment(await startBroker(), `http://127.0.0.1:${port}`));
    expect(row('account').found).toContain('<secret>');
  });

  it('opens a session with user name and password, and tells a wrong password', async () => {
    const port = await serve((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        const known = request.headers.authorization === `Bearer ${token}`;
        if (request.url === '/api/version') response.end('{"Version":"v3.6.0"}');
        else if (request.url === '/api/v1/session') {
          if (body.includes(password)) response.end(JSON.stringify({ token }));
          else response.writeHead(401).end('{"code":16,"message":"Invalid username or password"}');
        } else if (request.url?.endsWith('/userinfo') === true)
          response.end(JSON.stringify(known ? { loggedIn: true, username: 'button' } : {}));
        else response.end('{"items":null}');
      });
    });
    const { ARGOCD_AUTH_TOKEN: _, ...env } = environment(await startBroker(), `http://127.0.0.1:${port}`);
    const as = (word: string) =>
      doctor({ ...env, RELEASE_BUTTON_ARGOCD_USERNAME: 'button', RELEASE_BUTTON_ARGOCD_PASSWORD: word });
    const good = await as(password);
    expect(good.row('account')).toMatchObject({ status: 'ok', found: 'logged in as button' });
    expect(good.row('applications').remedy).toContain('applications, get');
    const bad = await as('another-password-of-mine');
    expect(bad.failures).toEqual(['account']);
    expect(bad.row('account').found).toContain('Invalid username or password');
    expect(bad.row('account').remedy).toContain('argocd.password');
    expect(bad.output).not.toContain('another-password-of-mine');
  });

  it('does not wait for servers that take a connection and never answer', async () => {
    const mqtt = `mqtt://127.0.0.1:${await listenSilently()}`;
    const argocd = `http://127.0.0.1:${await listenSilently()}`;
    const { failures, row, elapsedMs } = await doctor(environment(mqtt, argocd));
    expect(failures).toEqual(['broker', 'argocd']);
    expect(row('broker').found).toContain('no answer');
    expect(row('argocd').found).toMatch(/no answer|TIMEDOUT/);
    expect(elapsedMs).toBeLessThan(15_000);
  });

  it('ends in time where Argo CD answers each question slowly', async () => {
    const control = await startSimulator();
    await control.post('faults', { requests: [{ path: '*can-i*', hang: true }] });
    const { row, elapsedMs } = await doctor(environment(await startBroker(), control.url));
    expect(row('button', 'main')).toMatchObject({ details: { selected: 2, syncAsked: 0 } });
    expect(row('button', 'main').status).not.toBe('ok');
    expect(elapsedMs).toBeLessThan(15_000);
  });

  it('tells what a button names and nobody knows, and a button that selects nothing', async () => {
    const control = await startSimulator();
    const buttons = [
      { id: 'main', select: { names: ['shop', 'blgo'] }, waves: [['blog'], ['shop']] },
      { id: 'empty', select: { projects: ['payments'] } },
    ];
    const { failures, row } = await doctor(
      environment(await startBroker(), control.url, {
        RELEASE_BUTTON_WORKER_BUTTONS: JSON.stringify(buttons),
      }),
    );
    expect(failures).toEqual(['button main', 'button empty']);
    expect(row('button', 'main').details?.['unmatched']).toEqual([
      'select.names has blgo, and no such application is to be seen (is blog meant?)',
      'waves[0] has blog, which the rest of the selection leaves out',
    ]);
    expect(row('button', 'empty').found).toContain('selects 0 applications');
    expect(row('button', 'empty').found).toContain('select.projects has payments');
  });

  it('tells a token that may not sync, with the line that the policy lacks', async () => {
    const control = await startSimulator(
      worldWithToken({ accounts: [{ name: 'button', get: ['*'], sync: ['default/blog'] }] }),
    );
    const { failures, row } = await doctor(environment(await startBroker(), control.url));
    expect(failures).toEqual(['button main']);
    expect(row('button', 'main').found).toContain('may not sync argocd/shop');
    expect(row('button', 'main').details).toMatchObject({ syncAsked: 2, syncRefused: ['argocd/shop'] });
    expect(row('button', 'main').remedy).toContain('p, button, applications, sync, default/*, allow');
  });

  it('does not ask whether a button may sync whose gestures only refresh', async () => {
    const control = await startSimulator(worldWithToken({ accounts: [{ name: 'button', get: ['*'] }] }));
    const { failures, row } = await doctor(
      environment(await startBroker(), control.url, {
        RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true},"on":{"press":"refresh"}}]',
      }),
    );
    expect(failures).toEqual([]);
    expect(row('button', 'main').found).toContain('no gesture of it releases');
  });

  it('tells a state directory in whose place a file stands, and leaves nothing in a good one', async () => {
    const control = await startSimulator();
    const broker = await startBroker();
    writeFileSync(join(workplace.directory, 'in-the-way'), '');
    for (const stateDir of ['in-the-way', 'in-the-way/state']) {
      const { failures, row } = await doctor(
        environment(broker, control.url, { RELEASE_BUTTON_WORKER_STATE_DIR: stateDir }),
      );
      expect(failures).toEqual(['state']);
      expect(row('state').found).toContain('is a file, not a directory');
    }
    mkdirSync(join(workplace.directory, 'state'));
    expect((await doctor(environment(broker, control.url))).row('state').status).toBe('ok');
    expect(readdirSync(join(workplace.directory, 'state'))).toEqual([]);
    await doctor(environment(broker, control.url, { RELEASE_BUTTON_WORKER_STATE_DIR: 'not/yet' }));
    expect(readdirSync(workplace.directory)).not.toContain('not');
  });

  it('tells clocks that are too far from ours, of an agent and of the server of Argo CD', async () => {
    const broker = await startBroker();
    const retained = (topic: string, payload: string) =>
      publish(broker, ['-r', '-q', '1', '-t', `release-button/${topic}`, '-m', payload]);
    const inAnHour = new Date(Date.now() + 3_600_000);
    retained(
      'agent/main/info',
      JSON.stringify({
        agent: 'main',
        version: '0.0.1',
        host: 'pi',
        instance: 'one',
        clock: { synchronised: false },
        simulated: true,
        at: inAnHour.toISOString(),
        driver: 'simulated',
        buttons: [],
        leds: [],
      }),
    );
    retained('agent/main/availability', 'online');
    const port = await serve((request, response) => {
      response.setHeader('date', inAnHour.toUTCString()).setHeader('content-type', 'application/json');
      if (request.url === '/api/version') response.end('{"Version":"v3.6.0"}');
      else response.writeHead(503).end('{"code":14,"message":"not now"}');
    });
    const { row } = await doctor(environment(broker, `http://127.0.0.1:${port}`));
    for (const subject of ['agent main', 'argocd'])
      expect(row('clock', subject)).toMatchObject({
        status: 'failed',
        found: expect.stringMatching(/at least 59 minutes ahead of this machine/),
        remedy: expect.stringContaining('timedatectl'),
      });
    expect(row('process', 'agent main')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('version 0.0.1, its clock is not synchronised'),
    });
    expect(row('applications')).toMatchObject({ status: 'failed', details: { fault: 'unavailable' } });
  });

  it('lists every fault of the configuration, and looks at what is right of it all the same', async () => {
    const control = await startSimulator();
    const { failures, row, report } = await doctor({
      ...environment(await startBroker(), control.url),
      RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main"}]',
      RELEASE_BUTTON_WORKER_MAX_PRESS_AGE_MS: 'soon',
    });
    expect(failures).toEqual(['configuration', 'configuration']);
    expect(report.checks.map(({ details }) => details?.['key']).slice(0, 2)).toEqual(
      expect.arrayContaining(['worker.maxPressAgeMs', 'worker.buttons[0].select']),
    );
    expect(row('broker').status).toBe('ok');
    expect(row('account').status).toBe('ok');
    expect(row('state').status).toBe('skipped');
  });

  it('says of start without a broker that it brings its own, and finds what has taken the port', async () => {
    const control = await startSimulator();
    const { RELEASE_BUTTON_MQTT_URL: _, ...env } = environment('', control.url);
    const at = (port: number) =>
      doctor({ ...env, RELEASE_BUTTON_BROKER_PORT: String(port) }, ['start', '--argocd']);
    const free = await at(await freePort());
    expect(free.failures).toEqual([]);
    expect(free.row('broker').found).toContain('start brings its own broker');
    const taken = await at(await serve((_request, response) => response.end('hello')));
    expect(taken.failures).toEqual(['broker']);
    expect(taken.row('broker').remedy).toContain('broker.port');
    const another = await at(Number(new URL(await startBroker()).port));
    expect(another.row('broker')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('mqtt.url'),
    });
  });

  it('is well with the demo that does not run, and never asks the Argo CD of ARGOCD_SERVER for it', async () => {
    const asked: string[] = [];
    const port = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    const simulator = await freePort();
    const env = {
      ARGOCD_SERVER: `http://127.0.0.1:${port}`,
      ARGOCD_AUTH_TOKEN: token,
      RELEASE_BUTTON_SIMULATOR_PORT: String(simulator),
    };
    const { failures, row } = await doctor(env, []);
    expect(failures).toEqual([]);
    expect(row('argocd').found).toContain('the demo does not run');
    expect((await doctor({ ...env, RELEASE_BUTTON_LOG_LEVEL: 'loud' }, [])).failures).toEqual([
      'configuration',
    ]);
    expect(asked).toEqual([]);
  });

  it('examines for an agent only what an agent has', async () => {
    const { failures, report } = await doctor({ RELEASE_BUTTON_MQTT_URL: await startBroker() }, [
      'gpio-agent',
    ]);
    expect(failures).toEqual([]);
    expect(new Set(report.checks.map(({ check }) => check))).toEqual(
      new Set(['configuration', 'broker', 'process', 'clock']),
    );
  });

  it('refuses a process that it does not know with 2', async () => {
    const running = workplace.start(['doctor', 'toaster']);
    expect((await running.exited).code).toBe(2);
    expect(running.output()).toContain('one of start, release-worker, gpio-agent');
  });
});
