// Whole workers with charts of a Helm repository, whose revisions are versions instead of commits.
import * as z from 'zod/mini';
import { expect, it } from 'vitest';
import { worldOf, type ArgoCdControl } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { button } from './support/buttons.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

const repoURL = 'https://charts.example';
const chart = { repoURL, chart: 'ledger', targetRevision: '1.*' };
const versions = ['1.2.2', '1.2.3'].map((revision) => ({
  revision,
  author: 'nobody',
  date: '2026-01-01T00:00:00Z',
  message: 'a version',
}));
const values = { repoURL: 'https://git.example/values.git', path: 'ledger', targetRevision: 'main' };
const valuesCommit = '2'.repeat(40);

async function installation(application: Record<string, unknown>) {
  const { control } = await simulatedArgoCd({
    ...Object(worldOf([])),
    repositories: [
      { url: repoURL, chart: 'ledger', commits: versions },
      {
        url: values.repoURL,
        commits: [{ ...versions[0], revision: valuesCommit, message: 'change the values' }],
      },
    ],
    applications: [{ name: 'ledger', syncMs: 20, ...application }],
  });
  const broker = await onBroker();
  await startWorker(
    workerConfig(broker.url, control.url, {
      stateDir: stateDirectory(),
      buttons: [button({ coolDownMs: 0, on: { press: 'release', hold: 'rollback' } })],
    }),
  );
  await broker.untilSignal('main', 'drifted');
  return { ...broker, control };
}

const requestsSchema = z.object({ requests: z.record(z.string(), z.number()) });

async function metadataQuestions({ url }: ArgoCdControl): Promise<readonly string[]> {
  const { requests } = requestsSchema.parse(await (await fetch(`${url}/simulator/requests`)).json());
  return Object.keys(requests).filter((request) => request.includes('/metadata'));
}

it('a chart is shown, released and verified by its version, and its author is never requested', async () => {
  const { control, latest, publish, result, untilSignal } = await installation({
    source: chart,
    deployed: ['1.2.2'],
  });
  await until('its history', () => latest('worker/main/app/argocd/ledger')?.['deployed']);
  expect(latest('worker/main/app/argocd/ledger')).toMatchObject({
    deployed: { revision: '1.2.2' },
    target: { revision: '1.2.3' },
  });
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted', applications: 1 });
  await until('the end', () => latest('worker/main/release/last'));
  expect(latest('worker/main/release/last')).toMatchObject({ outcome: 'succeeded' });
  expect(await control.syncs()).toMatchObject([{ name: 'ledger', revision: '1.2.3' }]);
  await until('what is deployed', () => {
    const app = latest('worker/main/app/argocd/ledger');
    return app?.['sync'] === 'Synced' && JSON.stringify(app['deployed']) === '{"revision":"1.2.3"}';
  });

  await control.post('drift', { app: 'ledger' });
  await until('the next version', () => JSON.stringify(latest('worker/main/drift')).includes('1.2.4'));
  await untilSignal('main', 'drifted');
  expect(await metadataQuestions(control)).toEqual([]);
});

it('a rollback of a chart is refused with the reason, and nothing is sent', async () => {
  const { control, publish, result } = await installation({
    source: chart,
    deployed: ['1.2.2'],
    history: [
      { id: 0, revisions: ['1.2.1'], by: 'button' },
      { id: 1, revisions: ['1.2.2'], by: 'button' },
    ],
  });
  await publish('button/main/press', '{"id": "p1", "gesture": "hold", "only": ["argocd/ledger"]}');
  const refusal = await result('main', 'p1');
  expect(refusal['outcome']).not.toBe('accepted');
  expect(String(refusal['message'])).toMatch(/ledger.*Git source/);
  expect(await control.syncs()).toEqual([]);
});

it('a chart with values from Git is released with the revisions of both sources', async () => {
  const { control, latest, publish, result } = await installation({
    sources: [chart, values],
    deployed: ['1.2.2', valuesCommit],
  });
  await until('its target', () => {
    const target = JSON.stringify(latest('worker/main/app/argocd/ledger')?.['target'] ?? {});
    return target.includes(`1.2.3,${valuesCommit}`);
  });
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
  await until('the end', () => latest('worker/main/release/last')?.['outcome'] === 'succeeded');
  expect(await control.syncs()).toHaveLength(1);
  await until('what is deployed', () =>
    JSON.stringify(latest('worker/main/app/argocd/ledger')?.['deployed'] ?? {}).includes(
      `1.2.3,${valuesCommit}`,
    ),
  );
  expect(await metadataQuestions(control)).toEqual([]);
});
