// Finds out whether the planned revision is deployed, no matter who deployed it.
import type { AppRecord } from '../argocd/application.ts';
import type { SyncDetail } from '../argocd/sync-detail.ts';
import { shortRevision } from '../drift/summary.ts';
import type { AppEnd, PlannedApp } from './release.ts';

/**
 * @param last what the last operation left out, if known
 * @returns undefined when nothing shows that the planned revision was deployed
 */
export function deployedAllTheSame(
  record: AppRecord | undefined,
  app: PlannedApp,
  last?: Pick<SyncDetail, 'toPrune' | 'kept'>,
): AppEnd | undefined {
  if (record?.detail === undefined || app.to === '') return undefined;
  const { deployed, previous } = record.detail;
  if (deployed !== app.to)
    // The previous revision is not the one from before the release, so the planned one was deployed in between.
    return previous === app.to && ![app.from, ''].includes(deployed) && ![app.to, ''].includes(app.from)
      ? {
          outcome: record.sync === 'Synced' ? 'in-sync' : 'still-out-of-sync',
          message: `${shortRevision(app.to)} was deployed; another operation has followed, and deployed ${shortRevision(deployed)}`,
          good: true,
        }
      : undefined;
  const inSync = record.sync === 'Synced';
  // If the drift was an edit in the cluster and not a new revision, the deployed revision proves nothing. If the target
  // is still the deployed revision, something else differs.
  if (!inSync && (app.from === app.to || record.target === undefined || record.target === app.to))
    return undefined;
  if (!inSync && last !== undefined && last.toPrune + last.kept > 0) return undefined;
  return {
    outcome: inSync ? 'in-sync' : 'still-out-of-sync',
    message: `${shortRevision(app.to)} is deployed; another operation has followed`,
    good: true,
  };
}
