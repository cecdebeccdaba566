// A release as plain data, and what follows from it: outcome, message, info entries, freeze.
import type { AppOutcome, Release, ReleaseApp, ReleaseOutcome } from '../../messages/release.ts';
import { releaseApplications } from '../../messages/release.ts';
import { infoNames } from '../argocd/application.ts';
import type { SyncOptions } from '../argocd/sync-options.ts';

/** One application of a release. `from` and `to` are full revisions. Several sources: joined by `,`. */
export interface PlannedApp {
  readonly namespace: string;
  readonly name: string;
  readonly project: string;
  readonly from: string;
  readonly to: string;
  readonly sources: number;
  readonly automated: boolean;
  /** index of its wave, from 0; absent: 0 */
  readonly wave?: number;
}

/** The release settings of a button. The journal keeps them, so that a release ends with the settings it began with. */
export interface ReleaseSettings extends SyncOptions {
  readonly refresh: 'normal' | 'hard' | 'none';
  readonly pinRevision: boolean;
  readonly prune: boolean;
  /** `replace`: options and retries replace the application's own; absent: they are added to them */
  readonly syncOptionsMode?: 'replace';
}

export interface PlannedRelease {
  readonly id: string;
  /** absent: release */
  readonly action?: 'rollback';
  readonly button: string;
  readonly pressId: string;
  readonly source: string;
  /** the person who pressed */
  readonly by?: string;
  /** RFC 3339 */
  readonly startedAt: string;
  readonly settings: ReleaseSettings;
  readonly apps: readonly PlannedApp[];
}

export interface AppProgress {
  readonly phase: ReleaseApp['phase'];
  readonly outcome?: AppOutcome;
  readonly message?: string;
}

export interface AppEnd {
  readonly outcome: AppOutcome;
  readonly message: string;
  /** whether the revision that was shown is released, or already was */
  readonly good: boolean;
}

/** The kind of sync that a release sends. */
export function howOf({ action, settings }: Pick<PlannedRelease, 'action' | 'settings'>) {
  return action ?? (settings.dryRun === true ? 'dry-run' : 'release');
}

export function outcomeOf(ends: readonly AppEnd[]): ReleaseOutcome {
  if (ends.every((end) => end.good)) return 'succeeded';
  if (ends.some((end) => end.good)) return 'partly';
  if (ends.every((end) => end.outcome === 'timed-out')) return 'timed-out';
  if (ends.every((end) => end.outcome === 'interrupted')) return 'interrupted';
  return 'failed';
}

/** The progress of applications whose ends are known, by key. */
export function progressOf(ends: ReadonlyMap<string, AppEnd>): ReadonlyMap<string, AppProgress> {
  return new Map([...ends].map(([key, { outcome, message }]) => [key, { phase: 'done', outcome, message }]));
}

export function releaseMessage(
  release: PlannedRelease,
  progress: ReadonlyMap<string, AppProgress>,
  finished?: { readonly at: string; readonly outcome: ReleaseOutcome },
): Release {
  return {
    id: release.id,
    button: release.button,
    pressId: release.pressId,
    action: release.action ?? 'release',
    source: release.source,
    ...(release.by === undefined ? {} : { by: release.by }),
    startedAt: release.startedAt,
    ...(finished === undefined ? {} : { finishedAt: finished.at, outcome: finished.outcome }),
    apps: release.apps.slice(0, releaseApplications).map((app) => ({
      namespace: app.namespace,
      name: app.name,
      from: app.from,
      to: app.to,
      ...(progress.get(`${app.namespace}/${app.name}`) ?? { phase: 'waiting' as const }),
    })),
    truncated: release.apps.length > releaseApplications,
  };
}

/** The info entries by which the worker recognizes its sync. They are short, because long ones block an application. */
export function infosOf(release: PlannedRelease): readonly { name: string; value: string }[] {
  return [
    { name: infoNames.releaseId, value: release.id },
    { name: infoNames.pressId, value: release.pressId },
    { name: infoNames.button, value: release.button },
  ];
}

/**
 * Why a button must be frozen after a release. The light would invite the next person to undo a rollback, even one that
 * timed out here and may still succeed in Argo CD. A failed rollback may be tried again.
 */
export function whyFreeze(
  { action }: Pick<PlannedRelease, 'action'>,
  ends: Iterable<AppEnd>,
): string | undefined {
  if (action !== 'rollback') return undefined;
  const all = [...ends];
  if (all.some(({ good }) => good)) return 'rolled back';
  return all.some(({ outcome }) => outcome === 'timed-out')
    ? 'a rollback timed out and may still succeed; check Argo CD first'
    : undefined;
}
