// Looks in Argo CD for a sync of ours that may have been accepted: its answer was lost, or Argo CD says that another
// operation is in progress.
import { delay } from '../../service/clock.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { fetchApp } from '../drift/fetch-app.ts';
import { shortRevision } from '../drift/summary.ts';
import { deployedAllTheSame } from './deployed-all-the-same.ts';
import { isUnderWay, mayDeploy, othersInWords } from './follow-other.ts';
import type { Other } from './follow-other.ts';
import { viewOf } from './follow.ts';
import { gone, isGone } from './app-updates.ts';
import type { AppEnd } from './release.ts';
import type { SendOptions } from './send.ts';

/** The sync is ours, and the caller follows it. */
export interface Sent {
  readonly sent: true;
  /** a target newer than the pinned one */
  readonly newer?: string;
}

/** Somebody else's operation deploys the revision that was shown, and the caller follows it. */
export interface Overtaken {
  readonly other: Other;
}

/** Pauses before each GET after a lost answer, in milliseconds: about 10 s in total. */
const looksAfterMs = [500, 1_500, 3_000, 5_000];

/**
 * Finds out whether the sync was accepted after all. There is never a second POST: it would be a second release.
 * Failed GETs are repeated until the deadline. GETs that show no operation of ours decide.
 */
export async function lookForOurs(
  options: Pick<
    SendOptions,
    'argocd' | 'registry' | 'clock' | 'release' | 'app' | 'deadline' | 'signal' | 'whyLeft'
  >,
  why: string,
  otherwise: 'failed' | 'in-progress' | 'interrupted',
): Promise<AppEnd | Sent | Overtaken | undefined> {
  const { argocd, registry, clock, release, app, deadline, signal } = options;
  // The first GET shows which operation runs. After a lost answer, our sync may still appear later.
  let last: AppRecord | undefined;
  let needed = otherwise === 'in-progress' ? 1 : looksAfterMs.length;
  for (let attempt = 0; needed > 0; attempt += 1) {
    const waitMs = looksAfterMs[Math.min(attempt, looksAfterMs.length - 1)] ?? 0;
    if (clock.monotonic() + waitMs > deadline)
      return {
        outcome: 'timed-out',
        message: `${why}; Argo CD did not show in time whether it had begun`,
        good: false,
      };
    if (!(await delay(clock, waitMs, signal))) return undefined;
    try {
      last = await fetchApp({ argocd, registry }, app);
      if (viewOf(last, release.id).state !== 'not-ours') return { sent: true };
      needed -= 1;
    } catch (error) {
      if (isGone(error)) return gone;
    }
  }
  const left = options.whyLeft?.(keyOf(app));
  if (left !== undefined) return { outcome: otherwise, message: `${why}: ${left}`, good: false };
  if (mayDeploy(last, app) && release.settings.dryRun !== true)
    return { other: { why, otherwise: otherwise === 'in-progress' ? 'in-progress' : 'failed' } };
  if (otherwise === 'in-progress')
    return {
      outcome: 'in-progress',
      message:
        last !== undefined && isUnderWay(last)
          ? `not sent: ${othersInWords(last)} is in progress, but ${shortRevision(app.to)} was shown`
          : `not sent: ${othersInWords(last)} was in progress until just now. Press again`,
      good: false,
    };
  return (
    deployedAllTheSame(last, app) ?? {
      outcome: otherwise,
      message: `${why}; Argo CD shows no sync of this release. Press again`,
      good: false,
    }
  );
}
