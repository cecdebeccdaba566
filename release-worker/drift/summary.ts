// Builds the drift summary. Pure.
import type { Frozen } from '../../messages/freeze.ts';
import type { DriftSummary } from '../../messages/drift.ts';
import { summaryApplications } from '../../messages/drift.ts';
import type { Note } from '../../messages/drift.ts';
import { toTime } from '../../messages/time.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { isListed, type DriftCounts, type Obstacle } from './drifted.ts';
import { notesOf } from './notes.ts';

/** The length of a revision for people: Git's own default. */
const shortLength = 7;

export function shortRevision(revision: string): string {
  return revision
    .split(',')
    .map((one) => (/^[0-9a-f]{40}$/.test(one) ? one.slice(0, shortLength) : one))
    .join(',');
}

export function summaryOf(options: {
  readonly obstacleOf: (key: string) => Obstacle | undefined;
  /** At least those that are not in sync or are being deleted */
  readonly apps: Iterable<AppRecord>;
  readonly counts: DriftCounts;
  readonly fresh: boolean;
  /** True if Argo CD answered the last request */
  readonly reachable: boolean;
  /** In milliseconds since the epoch */
  readonly since: number;
  /** In milliseconds since the epoch */
  readonly oldestDriftAt?: number | undefined;
  readonly now: number;
  readonly server: string;
  readonly simulated: boolean;
  readonly frozen?: Frozen | undefined;
}): DriftSummary {
  const { apps, counts, since, now } = options;
  const { shown, truncated } = firstOf(apps);
  return {
    state: driftState(counts, options.fresh),
    outOfSync: counts.outOfSync,
    total: counts.total,
    unhealthy: counts.unhealthy,
    blocked: counts.blocked,
    unknown: counts.unknown,
    apps: shown.map((app) => ({
      namespace: app.namespace,
      name: app.name,
      project: app.project,
      sync: app.sync,
      health: app.health,
      from: shortRevision(app.detail?.deployed ?? ''),
      to: shortRevision(app.target ?? ''),
      ...withNotes(notesOf(app, options.obstacleOf(keyOf(app)))),
    })),
    truncated,
    ...(options.frozen === undefined ? {} : { frozen: options.frozen }),
    fresh: options.fresh,
    reachable: options.fresh && options.reachable,
    since: toTime(since),
    ...(options.oldestDriftAt === undefined ? {} : { oldestDriftAt: toTime(options.oldestDriftAt) }),
    at: toTime(now),
    server: options.server,
    simulated: options.simulated,
  };
}

/**
 * What is not in sync: out of sync first, then unknown, then being deleted, each by name, so that the first ones stay
 * stable. By code unit, because sorting thousands by language takes long and nobody reads them as a dictionary.
 */
function firstOf(apps: Iterable<AppRecord>): {
  readonly shown: readonly AppRecord[];
  readonly truncated: boolean;
} {
  const first: { readonly app: AppRecord; readonly rank: string }[] = [];
  let truncated = false;
  for (const app of apps) {
    if (!isListed(app)) continue;
    const rank = `${app.deleting ? '~' : ''}${app.sync} ${keyOf(app)}`;
    const last = first[summaryApplications - 1];
    if (last !== undefined) {
      truncated = true;
      if (rank > last.rank) continue;
      first.pop();
    }
    const after = first.findIndex((other) => other.rank > rank);
    first.splice(after === -1 ? first.length : after, 0, { app, rank });
  }
  return { shown: first.map(({ app }) => app), truncated };
}

function withNotes(notes: readonly Note[]): { notes?: Note[] } {
  return notes.length === 0 ? {} : { notes: [...notes] };
}

/**
 * If no application is visible, or Argo CD could compare none, the state is not `clear`, because nothing was checked. Drift
 * is not over either if Argo CD can only no longer compare the application.
 */
export function driftState(counts: DriftCounts, fresh: boolean): DriftSummary['state'] {
  if (!fresh || counts.total === 0) return 'unknown';
  if (counts.outOfSync > 0) return 'drifted';
  return counts.wereOutOfSync > 0 || counts.unknown === counts.total ? 'unknown' : 'clear';
}
