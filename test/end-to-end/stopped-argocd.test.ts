// A paused Argo CD (SIGSTOP): it accepts connections and answers nothing, as on a starved node.
import { afterEach, describe, expect, it } from 'vitest';
import { startSeparately, type SeparateInstallation } from '../support/installation.ts';
import { publish } from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';

const buttonTopic = 'release-button/button/main';
const fieldOf = (payload: string, name: string): unknown => Reflect.get(Object(JSON.parse(payload)), name);
const results = ({ subscriber }: SeparateInstallation) =>
  subscriber.messagesOn(`${buttonTopic}/result`).map(({ payload }) => payload);

describe.skipIf(!hasMosquitto)('a paused Argo CD (skipped without mosquitto)', () => {
  let running: SeparateInstallation | undefined;
  afterEach(() => running?.workplace.clear());

  const start = async (env: Readonly<Record<string, string>> = {}) => {
    running = await startSeparately([{ name: 'shop', drifted: true, syncMs: 50 }], {
      RELEASE_BUTTON_ARGOCD_REQUEST_TIMEOUT_MS: '1000',
      RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS: '3000',
      RELEASE_BUTTON_WORKER_DRIFT_STREAM_IDLE_MS: '2000',
      ...env,
    });
    await running.untilSignal('drifted');
    return running;
  };

  it('makes the light unknown, a press is refused with the reason, and the light is right again when Argo CD continues', async () => {
    const installation = await start();
    const { simulator, brokerUrl, argocd } = installation;
    simulator.signal('SIGSTOP');
    await installation.untilSignal('unknown');
    publish(brokerUrl, ['-t', `${buttonTopic}/press`, '-m', '{"id": "p1"}']);
    await until('the result', () =>
      results(installation).some((text) => text.includes('argocd-unreachable')),
    );
    simulator.signal('SIGCONT');
    await installation.untilSignal('drifted');
    expect(await argocd.syncs()).toEqual([]);

    publish(brokerUrl, ['-t', `${buttonTopic}/press`, '-m', '{"id": "p2"}']);
    await installation.untilSignal('clear');
    expect(await argocd.syncs()).toHaveLength(1);
  });

  it('that refuses its list is reported before the light gives up its last state', async () => {
    const { argocd, subscriber } = await start();
    const drifts = () =>
      subscriber
        .messagesOn('release-button/worker/main/drift')
        .map(({ payload }) => JSON.stringify([fieldOf(payload, 'fresh'), fieldOf(payload, 'reachable')]));
    expect(drifts().at(-1)).toBe('[true,true]');
    await argocd.post('faults', { requests: [{ path: '/api/v1/applications', status: 503 }] });
    await until('the refusal', () => drifts().includes('[true,false]'));
    await argocd.post('faults', { clear: true });
    await until('the end of it', () => drifts().at(-1) === '[true,true]');
  });

  it('that refuses its stream, and then its port, is reported while the light still shows its last state', async () => {
    const { argocd, subscriber, simulator, worker } = await start({
      RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS: '600000',
    });
    const drift = () => subscriber.latest('release-button/worker/main/drift');
    await argocd.post('faults', {
      streams: { cut: true },
      requests: [{ path: '*/stream/*', status: 403 }],
    });
    // The wait before the next try is longer than the limit for noticing, whatever its random part is.
    await worker.untilOutput(/event stream.*HTTP 403.*opens it again in ([4-9]|\d\d) s/);
    expect(drift()).toMatchObject({ fresh: true, reachable: true });
    simulator.signal('SIGKILL');
    await until('the refusal', () => drift()?.['reachable'] === false);
    // The light follows in the same way.
    await until('what follows', () => drift()?.['fresh'] === false);
    const drifts = subscriber
      .messagesOn('release-button/worker/main/drift')
      .map(({ payload }) => JSON.stringify([fieldOf(payload, 'fresh'), fieldOf(payload, 'reachable')]));
    expect(drifts.slice(-2)).toEqual(['[true,false]', '[false,false]']);
  });

  it('that never answered a sync does not get it again, and the end of that sync is reported', async () => {
    const installation = await start();
    const { simulator, brokerUrl, argocd, subscriber } = installation;
    await argocd.post('faults', { requests: [{ method: 'POST', path: '*/sync', delayMs: 60_000 }] });
    publish(brokerUrl, ['-t', `${buttonTopic}/press`, '-m', '{"id": "p1"}']);
    await until('the sync', async () => (await argocd.syncs()).length === 1);
    simulator.signal('SIGSTOP');
    // Waits until the worker has noticed it: its request and its question about the outcome got no answer.
    await installation.worker.untilOutput(/no answer within 1000 ms/);
    simulator.signal('SIGCONT');
    await until(
      'the end',
      () => subscriber.latest('release-button/worker/main/release/last')?.['pressId'] === 'p1',
    );
    expect(subscriber.latest('release-button/worker/main/release/last')).toMatchObject({
      outcome: 'succeeded',
    });
    await installation.untilSignal('clear');
    expect(await argocd.syncs()).toHaveLength(1);
  });
});
