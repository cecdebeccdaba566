// What the light keeps of releases that have ended: until when a failure stays, and how it is said. Pure.
import { shortened } from '../../messages/shortened.ts';
import type { ReleaseOutcome } from '../../messages/release.ts';
import { toLocalTime } from '../../messages/time.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { AppEnd, PlannedRelease } from '../releases/release.ts';

/** How a release ended, as far as the light needs it. */
export interface Ending {
  readonly button: string;
  readonly releaseId: string;
  readonly action: 'release' | 'rollback';
  readonly outcome: ReleaseOutcome;
  /** milliseconds since the epoch */
  readonly at: number;
  /** the applications that it was not good for */
  readonly missed: readonly MissedApp[];
}

interface MissedApp {
  readonly key: string;
  /** the targets that were not reached; empty: any target counts as one of them */
  readonly targets: readonly string[];
  readonly message: string;
}

/**
 * What is left of a failure. `failed`: an application is not in sync with what failed, or cannot be compared now.
 * `new-target`: what is still out of sync has another target by now. `over`: all of it is in sync, or gone.
 */
export type Left = 'failed' | 'new-target' | 'over';

/**
 * @param ends by key
 * @param targetOf the present target of an application. A release that was not pinned may have failed with a newer
 * target than the one that was shown.
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
  // The outcome has the last word: where no application tells what went wrong, all of them are watched.
  const missed = finished.outcome !== 'succeeded' && bad.length === 0 ? apps : bad;
  const targetsOf = (key: string, to: string): readonly string[] => {
    // A rollback goes to an older revision, so the target in Git is another one anyway.
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
    // What cannot be compared shows a branch in place of the target (`get-comparison-error`).
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

/** What is shown of an application's end: it may quote Argo CD at length. In characters. */
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
