// What is out of sync and what blocks its release, and the counts of both.
import type { AppRecord } from '../argocd/application.ts';

export function isDrifted(app: AppRecord): boolean {
  return app.sync === 'OutOfSync' && !app.deleting;
}

/** Why an application that is out of sync cannot be released now. */
export type Obstacle = 'not-permitted' | 'blocked-by-sync-window';

/** True if the summary shows it. It includes what is being deleted, so that nobody misses it. */
export function isListed(app: AppRecord): boolean {
  return app.sync !== 'Synced' || app.deleting;
}

export interface DriftCounts {
  readonly total: number;
  readonly outOfSync: number;
  /** Part of `outOfSync`: Argo CD would refuse to sync them */
  readonly blocked: number;
  readonly obstacles: ReadonlySet<Obstacle>;
  /** Argo CD cannot compare them */
  readonly unknown: number;
  /** Part of `unknown`: out of sync when Argo CD could last compare them */
  readonly wereOutOfSync: number;
  readonly unhealthy: number;
}
