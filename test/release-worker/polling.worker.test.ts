// Drift that Argo CD finds by polling its repositories, without a refresh by the worker. Another client's refresh stands for
// the poll: the worker sees both as a change that it did not cause.
import { expect, it } from 'vitest';
import { worldOf } from '../support/argocd-control.ts';
import { stays, until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

async function installation(drift = {}) {
  const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', syncMs: 20 }]));
  const broker = await onBroker();
  const config = workerConfig(broker.url, control.url, { stateDir: stateDirectory() });
  const poll = async () => {
    const answer = await fetch(`${control.url}/api/v1/applications/shop?refresh=normal`, {
      headers: { authorization: 'Bearer simulated' },
    });
    expect(answer.status).toBe(200);
  };
  await startWorker({
    ...config,
    worker: { ...config.worker, drift: { ...config.worker.drift, ...drift } },
  });
  await broker.untilSignal('main', 'clear');
  return { ...broker, control, poll };
}

it('is shown by the stream when Argo CD has polled, and not before', async () => {
  const { control, poll, untilSignal, latest, publish, result } = await installation();
  await control.post('drift', { app: 'shop', noticed: false });
  await stays('nothing to release', () => latest('button/main/signal')?.['signal'] === 'clear', 300);
  await poll();
  await untilSignal('main', 'drifted');
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
  await untilSignal('main', 'succeeded');
});

it.each([
  ['lost events', { streams: { dropEvents: 1 } }],
  ['refused', { streams: { cut: true }, requests: [{ path: '*/stream/*', status: 503 }] }],
])('is shown by the list if the stream has %s', async (_, faults) => {
  const { control, poll, untilSignal } = await installation({ listEveryMs: 1_000, maxAgeMs: 2_000 });
  await control.post('faults', faults);
  await control.post('drift', { app: 'shop', noticed: false });
  await poll();
  await untilSignal('main', 'drifted');
});

it('that Argo CD has not noticed is found by the press itself, and released', async () => {
  const { control, publish, result, latest } = await installation();
  await control.post('drift', { app: 'shop', noticed: false });
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
  await until('the end', () => latest('worker/main/release/last')?.['outcome'] === 'succeeded');
});
