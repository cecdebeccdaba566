// What is out of sync, what keeps it from being released, and both in numbers.
import type { AppRecord } from '../argocd/application.ts';

export function isDrifted(app: AppRecord): boolean {
  return app.sync === 'OutOfSync' && !app.deleting;
}

/** Why an application that is out of sync cannot be released now. */
export type Obstacle = 'not-permitted' | 'blocked-by-sync-window';

/** Whether the summary shows it: what is being deleted too, so that nobody wonders where it went. */
export function isListed(app: AppRecord): boolean {
  return app.sync !== 'Synced' || app.deleting;
}

export interface DriftCounts {
  readonly total: number;
  readonly outOfSync: number;
  /** of those out of sync */
  readonly blocked: number;
  readonly obstacles: ReadonlySet<Obstacle>;
  /** Argo CD cannot compare them */
  readonly unknown: number;
  /** of those unknown: out of sync when Argo CD could last compare them */
  readonly wereOutOfSync: number;
  readonly unhealthy: number;
}
