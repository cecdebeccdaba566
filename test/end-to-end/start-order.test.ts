// Separate processes that start in the wrong order and with other addresses. Each waits, and says what it waits for.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, publish, subscribe, type Running, type Workplace } from '../support/processes.ts';
import { freePort } from '../support/ports.ts';
import { hasMosquitto } from '../support/programs.ts';
import { controlOf, worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';

const press = 'release-button/button/main/press';

describe.skipIf(!hasMosquitto)('separate processes (skipped without mosquitto-clients)', () => {
  let workplace: Workplace;
  beforeEach(() => {
    workplace = createWorkplace();
  });
  afterEach(() => workplace.clear());

  const health = async (running: Running) => {
    const url = await running.untilListening((line) => line['what'] === 'health and metrics');
    return (await fetch(`${url}/healthz`)).text();
  };

  it('start in any order: agent and worker say that they wait for a broker and an Argo CD, and work when both run', async () => {
    // An address of this machine that is not the default.
    const brokerPort = await freePort('127.0.0.2');
    const simulatorPort = await freePort();
    const broker = `mqtt://127.0.0.2:${brokerPort}`;
    const env = { RELEASE_BUTTON_MQTT_URL: broker, RELEASE_BUTTON_MQTT_RECONNECT_MAX_MS: '2000' };
    const agent = workplace.start(['gpio-agent'], env);
    const worker = workplace.start(['release-worker'], {
      ...env,
      ARGOCD_SERVER: `http://127.0.0.1:${simulatorPort}`,
      ARGOCD_AUTH_TOKEN: 'simulated',
      RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true}}]',
    });

    const waitingLine = new RegExp(`mqtt://127\\.0\\.0\\.2:${brokerPort}.*ECONNREFUSED.*next try in`);
    for (const running of [agent, worker]) {
      await running.untilOutput(waitingLine);
      expect(await health(running)).toMatch(waitingLine);
    }
    await until('the worker to say what else it waits for', async () =>
      new RegExp(`http://127\\.0\\.0\\.1:${simulatorPort} .*ECONNREFUSED.*argocd\\.server`).test(
        await health(worker),
      ),
    );
    // The light is right while the agent waits.
    await agent.untilOutput(/"led":"main".*double-blink \(offline\)/);

    const simulator = workplace.startArgoCd({ port: simulatorPort });
    const argocd = await controlOf(simulator);
    await argocd.post('world', worldOf([{ name: 'shop', drifted: true }]));
    const started = workplace.start(['broker'], {
      RELEASE_BUTTON_BROKER_HOST: '127.0.0.2',
      RELEASE_BUTTON_BROKER_PORT: String(brokerPort),
    });
    await started.untilListening((line) => line['part'] === 'broker');
    const subscriber = subscribe(workplace, broker);

    await until(
      'the light of what drifts',
      () => subscriber.latest('release-button/led/main/state')?.['pattern'] === 'on',
    );
    publish(broker, ['-t', press, '-m', 'press']);
    await until(
      'the release',
      () => subscriber.latest('release-button/worker/main/release/last')?.['outcome'] === 'succeeded',
    );
    await until(
      'the light to go out',
      () => subscriber.latest('release-button/led/main/state')?.['pattern'] === 'off',
    );
    expect(await argocd.syncs()).toHaveLength(1);

    for (const running of [agent, worker, started, simulator]) running.signal('SIGTERM');
    for (const running of [agent, worker, started, simulator])
      expect(await running.exited).toEqual({ code: 0, signal: null });
  });

  it('report a button that selects no application, with what to correct', async () => {
    const simulator = workplace.start(['argocd-simulator']);
    const server = await simulator.untilListening((line) => line['part'] === 'simulator');
    const worker = workplace.start(['release-worker'], {
      ARGOCD_SERVER: server,
      ARGOCD_AUTH_TOKEN: 'simulated',
      RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"projects":["shpo"]}}]',
    });
    await worker.untilOutput(/"warn".*button main releases nothing yet.*shpo.*worker\.buttons/);
  });
});
