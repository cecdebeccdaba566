// Automated applications on the light of a whole worker: Argo CD syncs them by itself shortly after each commit.
import { expect, it } from 'vitest';
import { hurriedClock } from '../support/hurried-clock.ts';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { newCommit, newestCommit } from './support/records.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

it('a commit that Argo CD deploys automatically never turns the light on, but one that it cannot deploy does', async () => {
  const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', automated: true, syncMs: 50 }]));
  const { url, untilSignal, on, latest } = await onBroker();
  const config = workerConfig(url, control.url, { stateDir: stateDirectory() });
  await startWorker(config, new Map(), { clock: hurriedClock(5) });
  await untilSignal('main', 'clear');

  await control.post('drift', { app: 'shop', revision: newestCommit });
  const topic = 'worker/main/app/argocd/shop';
  await until('the automated sync', () => {
    const deployed = JSON.stringify(latest(topic)?.['deployed'] ?? {});
    return latest(topic)?.['sync'] === 'Synced' && deployed.includes(newestCommit);
  });
  expect(on('button/main/signal').map(({ signal }) => signal)).not.toContain('drifted');
  expect(on('worker/main/drift').every(({ outOfSync }) => outOfSync === 0)).toBe(true);

  await control.post('world', { adjust: [{ name: 'shop', fails: { message: 'no such namespace' } }] });
  await control.post('drift', { app: 'shop', revision: newCommit.replaceAll('2', '4') });
  await until('the topic, at once', () => latest(topic)?.['sync'] === 'OutOfSync');
  await untilSignal('main', 'drifted');
  expect(latest('button/main/signal')).toMatchObject({ outOfSync: 1 });
});
