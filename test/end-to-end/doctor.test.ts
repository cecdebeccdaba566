// `release-button doctor` as a process: configuration, broker, processes, clocks and disk.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  doctor,
  environment,
  listenSilently,
  serve,
  startBroker,
  startArgoCd,
  token,
} from '../support/doctor.ts';
import { startSeparately } from '../support/installation.ts';
import { freePort } from '../support/ports.ts';
import { createWorkplace, publish, publishJson, type Workplace } from '../support/processes.ts';
import { until } from '../support/wait.ts';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

describe('release-button doctor', () => {
  it('finds a running installation healthy, and changes nothing there', async () => {
    const installation = await startSeparately([{ name: 'shop', drifted: true }]);
    onTestFinished(() => installation.workplace.clear());
    const { directory } = installation.workplace;
    const stateFiles = () =>
      readdirSync(join(directory, 'state'), { withFileTypes: true }).map((entry) => [
        entry.name,
        // The lock of the running worker is a socket, which has no content.
        entry.isFile() ? readFileSync(join(directory, 'state', entry.name), 'utf8') : undefined,
      ]);
    const before = { disk: stateFiles(), posts: await installation.argocd.syncs() };
    const { report, row } = await doctor(
      workplace,
      environment(installation.brokerUrl, installation.argocd.url, {
        ARGOCD_AUTH_TOKEN: 'simulated',
        RELEASE_BUTTON_WORKER_STATE_DIR: join(directory, 'state'),
      }),
    );
    expect(report.checks.filter(({ status }) => status !== 'ok')).toMatchObject([
      { check: 'release', status: 'skipped', found: 'no release has ended yet' },
    ]);
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
    expect(stateFiles()).toEqual(before.disk);
    expect(await installation.argocd.syncs()).toEqual(before.posts);
    // The worker's own messages go on. But a message that makes the worker or the light act would come from the doctor.
    const commandTopic = /\/(press|set|get|terminate|arm|identify|result|event)$/;
    expect(installation.subscriber.messages().filter(({ topic }) => commandTopic.test(topic))).toEqual([]);
  });

  it('reports every cause of a freeze, and does not call a freeze a fault', async () => {
    const installation = await startSeparately([{ name: 'shop' }]);
    onTestFinished(() => installation.workplace.clear());
    const freeze = (payload: object) =>
      publishJson(installation.brokerUrl, 'release-button/freeze/set', payload);
    freeze({ frozen: true, reason: 'the sale', by: 'Ann' });
    freeze({ frozen: true, source: 'evening', reason: 'outside working hours', button: 'main' });
    await until('both', () =>
      installation.subscriber
        .messagesOn('release-button/worker/main/freeze/state')
        .at(-1)
        ?.payload.includes('evening'),
    );
    const { failures, row } = await doctor(
      workplace,
      environment(installation.brokerUrl, installation.argocd.url, { ARGOCD_AUTH_TOKEN: 'simulated' }),
    );
    expect(failures).toEqual([]);
    expect(row('freeze')).toMatchObject({
      status: 'warning',
      found:
        'frozen: all buttons: the sale, by Ann; button main: outside working hours, by mqtt, source evening',
      remedy: expect.stringContaining('release-button unfreeze'),
      details: { causes: [{ source: 'person' }, { source: 'evening', button: 'main' }] },
    });
  });

  it('tells a person what to do, with a cross for a fault and a tick for everything that is right', async () => {
    const control = await startArgoCd(workplace);
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
    expect(running.output()).toMatch(/^1 must be fixed, 2 not checked$/m);
    expect(running.output()).not.toContain(token);
  });

  it('reports a worker that was online and has ended', async () => {
    const installation = await startSeparately([{ name: 'shop' }]);
    onTestFinished(() => installation.workplace.clear());
    installation.worker.signal('SIGTERM');
    await installation.worker.exited;
    await until(
      'the worker to be offline',
      () =>
        installation.subscriber.messagesOn('release-button/worker/main/availability').at(-1)?.payload ===
        'offline',
    );
    const { failures, row } = await doctor(
      workplace,
      environment(installation.brokerUrl, installation.argocd.url, { ARGOCD_AUTH_TOKEN: 'simulated' }),
    );
    expect(failures).toEqual(['process worker main']);
    expect(row('process', 'worker main').remedy).toContain('release-button release-worker');
  });

  it('does not wait for servers that accept a connection and never answer', async () => {
    const mqtt = `mqtt://127.0.0.1:${await listenSilently()}`;
    const argocd = `http://127.0.0.1:${await listenSilently()}`;
    const { failures, row } = await doctor(workplace, environment(mqtt, argocd));
    expect(failures).toEqual(['broker', 'argocd']);
    expect(row('broker').found).toContain('no answer');
    expect(row('argocd').found).toMatch(/no answer|TIMEDOUT/);
  });

  it('reports a file in place of the state directory, and leaves no file in a good one', async () => {
    const control = await startArgoCd(workplace);
    const broker = await startBroker(workplace);
    writeFileSync(join(workplace.directory, 'in-the-way'), '');
    for (const stateDir of ['in-the-way', 'in-the-way/state']) {
      const { failures, row } = await doctor(
        workplace,
        environment(broker, control.url, { RELEASE_BUTTON_WORKER_STATE_DIR: stateDir }),
      );
      expect(failures).toEqual(['state']);
      expect(row('state').found).toContain('is a file, not a directory');
    }
    mkdirSync(join(workplace.directory, 'state'));
    expect((await doctor(workplace, environment(broker, control.url))).row('state').status).toBe('ok');
    expect(readdirSync(join(workplace.directory, 'state'))).toEqual([]);
    await doctor(workplace, environment(broker, control.url, { RELEASE_BUTTON_WORKER_STATE_DIR: 'not/yet' }));
    expect(readdirSync(workplace.directory)).not.toContain('not');
  });

  it('reports an agent and an Argo CD whose clocks differ too much from ours', async () => {
    const broker = await startBroker(workplace);
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
    const { row } = await doctor(workplace, environment(broker, `http://127.0.0.1:${port}`));
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

  it('lists every fault of the configuration, and still checks the valid part', async () => {
    const control = await startArgoCd(workplace);
    const { failures, row, report } = await doctor(workplace, {
      ...environment(await startBroker(workplace), control.url),
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

  it('says that start brings its own broker if there is none, and finds the program that uses the port', async () => {
    const control = await startArgoCd(workplace);
    const { RELEASE_BUTTON_MQTT_URL: _, ...env } = environment('', control.url);
    const at = (port: number) =>
      doctor(workplace, { ...env, RELEASE_BUTTON_BROKER_PORT: String(port) }, ['start', '--argocd']);
    const withFreePort = await at(await freePort());
    expect(withFreePort.failures).toEqual([]);
    expect(withFreePort.row('broker').found).toContain('`start` will run its own broker');
    const withUsedPort = await at(await serve((_request, response) => response.end('hello')));
    expect(withUsedPort.failures).toEqual(['broker']);
    expect(withUsedPort.row('broker').remedy).toContain('broker.port');
    const another = await at(Number(new URL(await startBroker(workplace)).port));
    expect(another.row('broker')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('mqtt.url'),
    });
  });

  it('calls the demo healthy while it does not run, and never asks the Argo CD of ARGOCD_SERVER about it', async () => {
    const requests: string[] = [];
    const port = await serve((request, response) => {
      requests.push(request.url ?? '');
      response.end();
    });
    const simulator = await freePort();
    const env = {
      ARGOCD_SERVER: `http://127.0.0.1:${port}`,
      ARGOCD_AUTH_TOKEN: token,
      RELEASE_BUTTON_SIMULATOR_PORT: String(simulator),
    };
    const { failures, row } = await doctor(workplace, env, []);
    expect(failures).toEqual([]);
    expect(row('argocd').found).toContain('the demo is not running');
    expect((await doctor(workplace, { ...env, RELEASE_BUTTON_LOG_LEVEL: 'loud' }, [])).failures).toEqual([
      'configuration',
    ]);
    expect(requests).toEqual([]);
  });

  it('checks for an agent only what an agent has', async () => {
    const { failures, report } = await doctor(
      workplace,
      { RELEASE_BUTTON_MQTT_URL: await startBroker(workplace) },
      ['gpio-agent'],
    );
    expect(failures).toEqual([]);
    expect(new Set(report.checks.map(({ check }) => check))).toEqual(
      new Set(['configuration', 'broker', 'process', 'clock']),
    );
  });

  it('refuses an unknown process with 2', async () => {
    const running = workplace.start(['doctor', 'toaster']);
    expect((await running.exited).code).toBe(2);
    expect(running.output()).toContain('Known: start, release-worker, gpio-agent');
  });
});
