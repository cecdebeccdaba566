// What the light shows of ended releases: until when a failure stays, and its text. Pure.
import { shortened } from '../../messages/shortened.ts';
import type { ReleaseOutcome } from '../../messages/release.ts';
import { toLocalTime } from '../../messages/time.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { AppEnd, PlannedRelease } from '../releases/release.ts';

/** The end of a release, as far as the light needs it. */
export interface Ending {
  readonly button: string;
  readonly releaseId: string;
  readonly action: 'release' | 'rollback';
  readonly outcome: ReleaseOutcome;
  /** In milliseconds since the epoch */
  readonly at: number;
  /** The applications that it failed for */
  readonly missed: readonly MissedApp[];
}

interface MissedApp {
  readonly key: string;
  /** The targets that were not reached. Empty: any target counts as one of them */
  readonly targets: readonly string[];
  readonly message: string;
}

/**
 * What remains of a failure. `failed`: an application is not in sync with what failed, or cannot be compared now.
 * `new-target`: what is still out of sync has another target now. `over`: everything is in sync, or gone.
 */
export type Left = 'failed' | 'new-target' | 'over';

/**
 * @param ends by key
 * @param targetOf the current target of an application. A release that was not pinned may have failed with a newer target
 * than the one that was shown.
 */
export function endingOf(
  release: Pick<PlannedRelease, 'id' | 'button' | 'action' | 'settings' | 'apps'>,
  ends: ReadonlyMap<string, AppEnd>,
  finished: { readonly outcome: ReleaseOutcome; readonly at: number },
  targetOf: (key: string) => string | undefined = () => undefined,
): Ending {
  const { id, button, action = 'release', settings, apps } = release;
  const bad =
    finished.outcome === 'succeeded' ? [] : apps.filter((app) => ends.get(keyOf(app))?.good !== true);
  // The outcome decides: if no application says what went wrong, all of them are watched.
  const missed = finished.outcome !== 'succeeded' && bad.length === 0 ? apps : bad;
  const targetsOf = (key: string, to: string): readonly string[] => {
    // A rollback goes to an older revision, so Git has another target in any case.
    if (action === 'rollback' || to === '') return [];
    return settings.pinRevision ? [to] : [to, targetOf(key) ?? to];
  };
  return {
    button,
    releaseId: id,
    action,
    ...finished,
    missed: missed.map((app) => {
      const key = keyOf(app);
      return { key, targets: targetsOf(key, app.to), message: ends.get(key)?.message ?? '' };
    }),
  };
}

export function leftOf({ missed }: Ending, get: (key: string) => AppRecord | undefined): Left {
  let left: Left = 'over';
  for (const { key, targets } of missed) {
    const app = get(key);
    if (app === undefined || app.deleting || app.sync === 'Synced') continue;
    // For what cannot be compared, Argo CD shows a branch as its target (`get-comparison-error`).
    const isNew =
      app.sync === 'OutOfSync' &&
      targets.length > 0 &&
      app.target !== undefined &&
      !targets.includes(app.target);
    if (!isNew) return 'failed';
    left = 'new-target';
  }
  return left;
}

/** The longest text about the end of an application, which may quote Argo CD at length. In characters. */
const messageLength = 300;

const howItEnded: Record<ReleaseOutcome, string> = {
  succeeded: 'succeeded',
  failed: 'failed',
  partly: 'succeeded only in part',
  'timed-out': 'timed out',
  interrupted: 'was interrupted',
};

/** `the last release failed at 2026-01-01 14:02 +01:00: argocd/shop: <message> (and 2 more)` */
export function endingInWords({ action, outcome, at, missed }: Ending): string {
  const what = `the last ${action} ${howItEnded[outcome]} at ${toLocalTime(at)}`;
  const [first, ...others] = missed;
  if (first === undefined) return what;
  const message = shortened(first.message, messageLength);
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `${what}: ${first.key}${message === '' ? '' : `: ${message}`}${more}`;
}
