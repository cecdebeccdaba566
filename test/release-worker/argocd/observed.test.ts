// Every request to Argo CD tells the observer that it was answered, or that it failed.
import { expect, it } from 'vitest';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { observed } from '../../../release-worker/argocd/observed.ts';
import { scriptedArgoCd } from '../support/argocd.ts';

const app = { namespace: 'argocd', name: 'shop', project: 'default' };
const nobody = () =>
  Promise.reject(new ArgoCdError({ kind: 'unreachable', message: 'connect ECONNREFUSED' }));

/** All calls except those of the watch itself, which sees their failures anyway. */
const calls: readonly (readonly [string, Partial<ArgoCd>, (argocd: ArgoCd) => Promise<unknown>])[] = [
  ['get', { get: nobody }, (argocd) => argocd.get(app)],
  ['sync', { sync: nobody }, (argocd) => argocd.sync(app, { prune: false, infos: [] })],
  ['terminate', { terminate: nobody }, (argocd) => argocd.terminate(app)],
  ['syncDetail', { syncDetail: nobody }, (argocd) => argocd.syncDetail(app)],
  ['ownSyncPolicy', { ownSyncPolicy: nobody }, (argocd) => argocd.ownSyncPolicy(app)],
  ['maySync', { maySync: nobody }, (argocd) => argocd.maySync(app)],
  ['maySyncAll', { maySyncAll: nobody }, (argocd) => argocd.maySyncAll('default')],
  ['syncWindows', { syncWindows: nobody }, (argocd) => argocd.syncWindows(app)],
  ['projectWindows', { projectWindows: nobody }, (argocd) => argocd.projectWindows('default')],
  ['revisionMetadata', { revisionMetadata: nobody }, (argocd) => argocd.revisionMetadata(app, 'a')],
];

it.each(calls)('%s reports that Argo CD does not answer', async (_, over, ask) => {
  const failures: string[] = [];
  const argocd = observed(scriptedArgoCd(over), {
    onAnswer: () => {},
    onFailure: ({ kind }) => void failures.push(kind),
    away: () => undefined,
  });
  await expect(ask(argocd)).rejects.toThrow(ArgoCdError);
  expect(failures).toEqual(['unreachable']);
});
