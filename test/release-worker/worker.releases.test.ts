// Whole workers: what becomes of a press while Argo CD is at something else.
import { describe, expect, it } from 'vitest';
import { worldOf } from '../support/simulator.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

describe('push and press at once, on an application with automated sync', () => {
  it.each([
    ['before Argo CD has noticed the commit', false],
    ['when Argo CD has begun', true],
  ])('%s, succeed', async (_, noticed) => {
    const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', automated: true, syncMs: 2_000 }]));
    const { url, publish, result, untilSignal, latest } = await onBroker();
    await startWorker(workerConfig(url, control.url, { stateDir: stateDirectory() }));
    await untilSignal('main', 'clear');
    await control.post('drift', { app: 'shop', noticed });
    await publish('button/main/press', '{"id": "p1"}');
    expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'succeeded');
    expect(latest('release/last')).toMatchObject({
      outcome: 'succeeded',
      apps: [{ outcome: 'in-sync' }],
    });
  });
});
