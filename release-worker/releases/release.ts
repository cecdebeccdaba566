// A release as plain data, and what follows from it: its outcome, its message, its infos.
import type { AppOutcome, Release, ReleaseApp, ReleaseOutcome } from '../../messages/release.ts';
import { releaseApplications } from '../../messages/release.ts';
import { infoNames } from '../argocd/application.ts';
import type { SyncOptions } from '../argocd/sync-options.ts';

/** One application of a release. `from` and `to` are whole revisions, joined by `,` where there are several sources. */
export interface PlannedApp {
  readonly namespace: string;
  readonly name: string;
  readonly project: string;
  readonly from: string;
  readonly to: string;
  readonly sources: number;
  readonly automated: boolean;
  /** its place in the order of the button's waves, from 0; absent: 0 */
  readonly wave?: number;
}

/** How a button wants its releases done; kept in the journal, so that a release ends as it began. */
export interface ReleaseSettings extends SyncOptions {
  readonly refresh: 'normal' | 'hard' | 'none';
  readonly pinRevision: boolean;
  readonly prune: boolean;
  /** the options and retries take the place of the application's own; absent: they are added */
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
  /** what was shown has been released, or was released already */
  readonly good: boolean;
}

/** What the syncs of a release are to do. */
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

/** The progress of applications of which only the ends are known, by key. */
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

/** The infos of the sync: by them it is found again after a crash or a lost answer. Short: large ones block an application. */
export function infosOf(release: PlannedRelease): readonly { name: string; value: string }[] {
  return [
    { name: infoNames.releaseId, value: release.id },
    { name: infoNames.pressId, value: release.pressId },
    { name: infoNames.button, value: release.button },
  ];
}

/**
 * Why a button is frozen after a release: the light would invite the next person to undo a rollback, also one that ran
 * out of time here and may still come through in Argo CD. One that failed may be tried again.
 */
export function whyFreeze(
  { action }: Pick<PlannedRelease, 'action'>,
  ends: Iterable<AppEnd>,
): string | undefined {
  if (action !== 'rollback') return undefined;
  const all = [...ends];
  if (all.some(({ good }) => good)) return 'rolled back';
  return all.some(({ outcome }) => outcome === 'timed-out')
    ? 'a rollback was not seen to end and may still come through; look at Argo CD first'
    : undefined;
}
