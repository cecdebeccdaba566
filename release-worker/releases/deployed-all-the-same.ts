// What was to be released is deployed, whoever did it.
import type { AppRecord } from '../argocd/application.ts';
import type { SyncDetail } from '../argocd/sync-detail.ts';
import { shortRevision } from '../drift/summary.ts';
import type { AppEnd, PlannedApp } from './release.ts';

/**
 * @param last what the last operation left out, where that is known
 * @returns undefined where nobody can say that it was achieved
 */
export function deployedAllTheSame(
  record: AppRecord | undefined,
  app: PlannedApp,
  last?: Pick<SyncDetail, 'toPrune' | 'kept'>,
): AppEnd | undefined {
  if (record?.detail === undefined || app.to === '') return undefined;
  const { deployed, previous } = record.detail;
  if (deployed !== app.to)
    // The revision before the deployed one is not the one from before the release, so it came in between.
    return previous === app.to && ![app.from, ''].includes(deployed) && ![app.to, ''].includes(app.from)
      ? {
          outcome: record.sync === 'Synced' ? 'in-sync' : 'still-out-of-sync',
          message: `${shortRevision(app.to)} was deployed; another operation has followed, and deployed ${shortRevision(deployed)}`,
          good: true,
        }
      : undefined;
  const inSync = record.sync === 'Synced';
  // Where the drift was no new revision (an edit in the cluster), that it is deployed says nothing. Where the target
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
