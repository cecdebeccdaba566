// Sync windows of a project on their way from Argo CD to the light, the result of a press and the topic of an application.
import { expect, it } from 'vitest';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

it('the description of a closed window is the reason for the light and in the result of a press', async () => {
  const window = {
    kind: 'deny' as const,
    schedule: '* * * * *',
    duration: '1h',
    description: 'Stock-taking, ask Kim',
    namespaces: ['default'],
    applications: [],
  };
  const accounts = [{ name: 'button', get: ['*'], sync: ['*'], projects: ['*'] }];
  const world = {
    ...Object(worldOf([{ name: 'shop', drifted: true, syncMs: 20 }])),
    projects: [{ name: 'default', windows: [window] }],
    accounts,
  };
  const { control } = await simulatedArgoCd(world);
  const { url, untilSignal, latest, publish, result } = await onBroker();
  await startWorker(workerConfig(url, control.url, { stateDir: stateDirectory() }));
  await untilSignal('main', 'blocked');
  expect(latest('button/main/signal')?.['reason']).toContain('Stock-taking, ask Kim');
  await until('the application', () => latest('worker/main/app/argocd/shop')?.['windowReason'] !== undefined);
  expect(latest('worker/main/app/argocd/shop')).toMatchObject({
    window: 'closed',
    windowReason: 'Stock-taking, ask Kim',
  });

  await publish('button/main/press', JSON.stringify({ id: 'p1' }));
  expect(await result('main', 'p1')).toMatchObject({
    outcome: 'rejected',
    reason: 'blocked-by-sync-window',
    message: expect.stringContaining('Stock-taking, ask Kim'),
  });
});
