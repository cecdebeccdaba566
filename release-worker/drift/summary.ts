// From records to numbers: pure. What is out of sync, what of it may be released now, and the summary for everybody.
import type { Frozen } from '../../messages/freeze.ts';
import type { DriftSummary } from '../../messages/drift.ts';
import { summaryApplications } from '../../messages/drift.ts';
import { toTime } from '../../messages/time.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';

/** Why an application that is out of sync cannot be released now. */
export type Obstacle = 'not-permitted' | 'blocked-by-sync-window';

export interface DriftCounts {
  readonly total: number;
  readonly outOfSync: number;
  /** of those out of sync */
  readonly blocked: number;
  readonly obstacles: ReadonlySet<Obstacle>;
  /** Argo CD cannot compare them */
  readonly unknown: number;
  readonly unhealthy: number;
}

export function isDrifted(app: AppRecord): boolean {
  return app.sync === 'OutOfSync' && !app.deleting;
}

export function countDrift(
  apps: Iterable<AppRecord>,
  obstacleOf: (key: string) => Obstacle | undefined,
): DriftCounts {
  let total = 0;
  let outOfSync = 0;
  let blocked = 0;
  let unknown = 0;
  let unhealthy = 0;
  const obstacles = new Set<Obstacle>();
  for (const app of apps) {
    total += 1;
    if (app.sync === 'Unknown') unknown += 1;
    if (app.health === 'Degraded' || app.health === 'Missing') unhealthy += 1;
    if (!isDrifted(app)) continue;
    outOfSync += 1;
    const obstacle = obstacleOf(keyOf(app));
    if (obstacle === undefined) continue;
    blocked += 1;
    obstacles.add(obstacle);
  }
  return { total, outOfSync, blocked, obstacles, unknown, unhealthy };
}

/** Length of a revision as people read it; Git's own default. */
const shortLength = 7;

export function shortRevision(revision: string): string {
  return revision
    .split(',')
    .map((one) => (/^[0-9a-f]{40}$/.test(one) ? one.slice(0, shortLength) : one))
    .join(',');
}

export function summaryOf(options: {
  readonly apps: readonly AppRecord[];
  readonly counts: DriftCounts;
  readonly fresh: boolean;
  /** milliseconds since the epoch */
  readonly since: number;
  readonly now: number;
  readonly server: string;
  readonly simulated: boolean;
  readonly frozen?: Frozen | undefined;
}): DriftSummary {
  const { apps, counts, since, now } = options;
  const shown = apps
    .filter((app) => app.sync !== 'Synced')
    // Out of sync before unknown, then by name, so that the first 20 do not change without a reason.
    .map((app) => ({ app, rank: `${app.sync} ${keyOf(app)}` }))
    // By code unit: an order of language takes long for thousands, and nobody reads it as a dictionary.
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return {
    state: driftState(counts, options.fresh),
    outOfSync: counts.outOfSync,
    total: counts.total,
    unhealthy: counts.unhealthy,
    blocked: counts.blocked,
    unknown: counts.unknown,
    apps: shown.slice(0, summaryApplications).map(({ app }) => ({
      namespace: app.namespace,
      name: app.name,
      project: app.project,
      sync: app.sync,
      health: app.health,
      from: shortRevision(app.detail?.deployed ?? ''),
      to: shortRevision(app.target),
    })),
    truncated: shown.length > summaryApplications,
    ...(options.frozen === undefined ? {} : { frozen: options.frozen }),
    since: toTime(since),
    at: toTime(now),
    server: options.server,
    simulated: options.simulated,
  };
}

/** Nothing visible, or nothing that Argo CD could compare, is not `clear`: nobody has looked. */
export function driftState(counts: DriftCounts, fresh: boolean): DriftSummary['state'] {
  if (!fresh || counts.total === 0) return 'unknown';
  if (counts.outOfSync > 0) return 'drifted';
  return counts.unknown === counts.total ? 'unknown' : 'clear';
}
