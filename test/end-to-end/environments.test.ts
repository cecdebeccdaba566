// Staging and production on one panel, with the configuration files of deploy/environments. They are as independent as
// docs/environments.md says, and each mistake on that page shows as described. Real processes, and two Argo CDs of the
// demo.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createWorkplace,
  publish,
  subscribe,
  type Running,
  type Subscriber,
  type Workplace,
} from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';

const environments = ['staging', 'production'] as const;
type Environment = (typeof environments)[number];

const file = (name: string) => join(import.meta.dirname, '../../deploy/environments', `${name}.yaml`);

describe.skipIf(!hasMosquitto)('staging and production (skipped without mosquitto-clients)', () => {
  let workplace: Workplace;
  let brokerUrl: string;
  let subscriber: Subscriber;
  let argocd: Readonly<Record<Environment, Running>>;
  let argocdUrl: Readonly<Record<Environment, string>>;

  beforeEach(async () => {
    workplace = createWorkplace();
    const broker = workplace.start(['broker']);
    const simulator = (environment: Environment) =>
      workplace.start(['argocd-simulator', '--simulator-token', `simulated-${environment}`]);
    argocd = { staging: simulator('staging'), production: simulator('production') };
    brokerUrl = await broker.untilListening((line) => line['part'] === 'broker');
    subscriber = subscribe(workplace, brokerUrl);
    const urlOf = (environment: Environment) =>
      argocd[environment].untilListening((line) => line['part'] === 'simulator');
    argocdUrl = { staging: await urlOf('staging'), production: await urlOf('production') };
  });
  afterEach(() => workplace.clear());

  /** The flags that docs/environments.md gives for everything on one machine. */
  const flagsOf = (environment: Environment) => [
    '--config',
    file(environment),
    '--argocd-server',
    argocdUrl[environment],
    '--mqtt-url',
    brokerUrl,
  ];
  const startWorker = (environment: Environment, ...extraFlags: readonly string[]) =>
    workplace.start(['release-worker', ...flagsOf(environment), ...extraFlags]);
  const startPanel = () =>
    workplace.start([
      'gpio-agent',
      '--config',
      file('panel'),
      '--agent-driver',
      'simulated',
      '--mqtt-url',
      brokerUrl,
    ]);
  const run = async (...args: readonly string[]) => {
    const running = workplace.start(args);
    const { code } = await running.exited;
    return { code, output: running.output().replaceAll(/\s+/g, ' ') };
  };
  const doctor = (environment: Environment, ...extraFlags: readonly string[]) =>
    run('doctor', 'release-worker', ...flagsOf(environment), ...extraFlags);
  const newest = (topic: string) => subscriber.latest(`release-button/${topic}`);
  const untilSignal = (button: Environment, signal: string) =>
    until(
      `the button ${button} to say ${signal}; it says ${JSON.stringify(newest(`button/${button}/signal`))}`,
      () => newest(`button/${button}/signal`)?.['signal'] === signal,
    );
  const untilLight = (led: Environment, pattern: string) =>
    until(
      `the light ${led} to show ${pattern}; it shows ${JSON.stringify(newest(`led/${led}/state`))}`,
      () => newest(`led/${led}/state`)?.['pattern'] === pattern,
    );
  /** Presses, and waits for the result. */
  const press = async (button: Environment) => {
    const before = subscriber.messagesOn(`release-button/button/${button}/result`).length;
    publish(brokerUrl, ['-q', '1', '-t', `release-button/button/${button}/press`, '-m', 'press']);
    await until(
      `the result of ${button}`,
      () => subscriber.messagesOn(`release-button/button/${button}/result`).length > before,
    );
    return newest(`button/${button}/result`);
  };
  const startBoth = async () => {
    const started = { staging: startWorker('staging'), production: startWorker('production') };
    startPanel();
    for (const environment of environments) {
      await untilSignal(environment, 'drifted');
      await untilLight(environment, 'on');
    }
    return started;
  };

  it('release each by its own button at its own Argo CD, and every name says which one', async () => {
    await startBoth();
    expect(await press('staging')).toMatchObject({ outcome: 'accepted' });
    await untilLight('staging', 'off');
    expect(newest('worker/staging/release/last')).toMatchObject({ outcome: 'succeeded' });
    expect(newest('worker/staging/drift')).toMatchObject({ outOfSync: 0, server: argocdUrl.staging });
    expect(newest('worker/production/drift')).toMatchObject({ server: argocdUrl.production });
    expect(newest('worker/production/release/last')).toBeUndefined();
    await untilLight('production', 'on');

    expect(
      await run('freeze', '--worker', 'production', '--reason', 'the sale', '--mqtt-url', brokerUrl),
    ).toMatchObject({ code: 0 });
    await untilLight('production', 'blip');
    expect(await press('production')).toMatchObject({ outcome: 'rejected', reason: 'frozen' });
    expect(await press('staging')).toMatchObject({ outcome: 'nothing-to-release' });

    const { code, output } = await doctor('production');
    expect(code).toBe(0);
    for (const row of ['worker staging', 'worker production', 'agent panel', 'button production'])
      expect(output).toContain(row);
    for (const environment of environments) {
      const title = environment === 'staging' ? 'Staging' : 'Production';
      expect(newest(`worker/${environment}/info`)).toMatchObject({ title });
    }
  });

  it('let a button that releases only by a hold refuse a tap, and it can still be rolled back', async () => {
    const button =
      '[{id: production, select: {all: true}, on: {hold: release, double: rollback}, coolDownMs: 0}]';
    startWorker('production', '--worker-buttons', button);
    await untilSignal('production', 'drifted');
    expect(await press('production')).toMatchObject({ outcome: 'rejected', reason: 'no-action' });
    const target = ['production', '--mqtt-url', brokerUrl];
    expect(await run('press', ...target, '--gesture', 'hold', '--wait')).toMatchObject({ code: 0 });
    expect(await run('rollback', ...target)).toMatchObject({ code: 0 });
  });

  it('keep the light of the other when one Argo CD is down', async () => {
    await startBoth();
    argocd.production.signal('SIGKILL');
    await untilLight('production', 'heartbeat');
    expect(await press('production')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
    expect(newest('led/staging/state')).toMatchObject({ pattern: 'on' });
    expect(await press('staging')).toMatchObject({ outcome: 'accepted' });
    await untilLight('staging', 'off');
  });

  it('keep the light of the other when one worker is down', async () => {
    const workers = await startBoth();
    workers.production.signal('SIGKILL');
    await untilLight('production', 'double-blink');
    expect(await run('press', 'production', '--mqtt-url', brokerUrl)).toMatchObject({
      code: 6,
      output: expect.stringContaining('the worker production is offline. It has the button production'),
    });
    const results = 'release-button/button/production/result';
    publish(brokerUrl, ['-q', '1', '-t', 'release-button/button/production/press', '-m', 'press']);
    expect(await press('staging')).toMatchObject({ outcome: 'accepted' });
    await untilLight('staging', 'off');
    expect(subscriber.messagesOn(results)).toEqual([]);
    expect(newest('led/production/state')).toMatchObject({ pattern: 'double-blink' });
  });

  it('release nothing by a button that both workers have', async () => {
    await startBoth();
    const buttons = '[{id: production, select: {all: true}}]';
    const thirdWorker = startWorker(
      'staging',
      '--worker-id',
      'third',
      '--worker-state-dir',
      './state/third',
      '--worker-buttons',
      buttons,
    );
    await untilLight('production', 'heartbeat');
    expect(await press('production')).toMatchObject({ outcome: 'rejected', reason: 'claimed-twice' });
    expect((await doctor('production')).output).toContain(
      'production and third both have the button production',
    );
    await thirdWorker.untilOutput('production and third both have the button production');
    expect(await press('staging')).toMatchObject({ outcome: 'accepted' });
  });

  it('let the earlier of two workers with one id stand by', async () => {
    const { production } = await startBoth();
    const mistaken = startWorker(
      'staging',
      '--worker-id',
      'production',
      '--worker-state-dir',
      './state/mistaken',
    );
    await production.untilOutput('standing by: release-button-worker-production is already connected from');
    await mistaken.untilOutput('both have the button staging');
    await untilLight('staging', 'heartbeat');
    expect(await press('staging')).toMatchObject({ outcome: 'rejected', reason: 'claimed-twice' });
    mistaken.signal('SIGTERM');
    for (const environment of environments) await untilLight(environment, 'on');
    expect(await press('production')).toMatchObject({ outcome: 'accepted' });
  });

  it('do not start a worker with the state directory or the port of the other worker', async () => {
    const { staging } = await startBoth();
    const directory = startWorker(
      'production',
      '--worker-id',
      'third',
      '--worker-state-dir',
      './state/staging',
    );
    expect(await directory.exited).toMatchObject({ code: 3 });
    expect(directory.output()).toContain(
      `state/staging (worker.stateDir) is in use by process ${staging.pid}`,
    );

    const url = await staging.untilListening((line) => line['what'] === 'health and metrics');
    const port = startWorker('production', '--worker-id', 'third', '--health-port', new URL(url).port);
    expect(await port.exited).toMatchObject({ code: 3 });
    expect(port.output()).toContain('health.port');
  });

  it('release nothing with the token or the address of the other environment', async () => {
    startPanel();
    startWorker('staging');
    const token = { ARGOCD_AUTH_TOKEN: 'simulated-staging' };
    const mistaken = workplace.start(['release-worker', ...flagsOf('production')], token);
    await mistaken.untilOutput('does not accept the token');
    await untilLight('production', 'heartbeat');
    await untilLight('staging', 'on');
    expect(await press('production')).toMatchObject({ outcome: 'rejected' });
    const { code, output } = await doctor('production', '--argocd-server', argocdUrl.staging);
    expect(code).toBe(1);
    expect(output).toContain('does not accept the token: it is wrong or revoked');
  });
});
