// What a button has to say: the strongest signal that holds. Pure; the caller sets the timer for `nextAt`.
import type { ReleaseOutcome } from '../../messages/release.ts';
import type { Signal } from '../../messages/button.ts';
import type { Frozen } from '../../messages/freeze.ts';
import { toTime } from '../../messages/time.ts';
import { inWordsOf } from '../freeze/state.ts';
import type { DriftCounts, Obstacle } from './summary.ts';
import { driftState } from './summary.ts';

export interface SignalInput {
  readonly drift: DriftCounts;
  /** milliseconds on the clock of `now`, until which what is known of Argo CD counts */
  readonly freshUntil: number;
  /** why nothing newer is known, in words */
  readonly problem?: string;
  /** releases of this button that run */
  readonly releasing: number;
  /** how this button's last release ended; gone once a press has been accepted after it */
  readonly last?: { readonly outcome: ReleaseOutcome; readonly at: number };
  /** until when the next step releases (`confirm`) */
  readonly armedUntil?: number;
  /** why all releases are frozen */
  readonly frozen?: Frozen;
  /** milliseconds since the epoch: when a sync window lets the first application through, as far as that is known */
  readonly blockedUntil?: () => number | undefined;
}

export interface SignalChoice {
  readonly signal: Signal;
  readonly reason?: string;
  /** RFC 3339: until when, as far as that is known */
  readonly until?: string;
  /** when the choice must be made again although nothing has happened */
  readonly nextAt?: number;
}

/** How long the light shows how a release ended, at least. Source: the table of signals in `README.md`. */
export const endShownMs = 5_000;

export function signalOf(input: SignalInput, now: number): SignalChoice {
  const { drift, last, armedUntil, freshUntil } = input;
  const fresh = now < freshUntil;
  const state = driftState(drift, fresh);

  if (!fresh) return { signal: 'unknown', reason: input.problem ?? 'Argo CD has not been heard yet' };
  const until = (...times: (number | undefined)[]) => {
    const coming = times.filter((time): time is number => time !== undefined && time > now);
    return { nextAt: Math.min(freshUntil, ...coming) };
  };
  if (input.releasing > 0) return { signal: 'releasing', ...until() };
  if (state === 'unknown')
    return {
      signal: 'unknown',
      reason:
        drift.total === 0
          ? 'no application that this account may see is selected by the button'
          : 'Argo CD can compare none of the applications',
      ...until(),
    };
  if (armedUntil !== undefined && armedUntil > now) return { signal: 'armed', ...until(armedUntil) };
  const shownUntil = last === undefined ? undefined : last.at + endShownMs;
  // Also without drift left (what was released may be unhealthy), at least for a while: the end is not to be missed.
  if (
    last !== undefined &&
    last.outcome !== 'succeeded' &&
    (state === 'drifted' || now < last.at + endShownMs)
  )
    return { signal: 'failed', reason: `the last release ended: ${last.outcome}`, ...until(shownUntil) };
  if (last?.outcome === 'succeeded' && now < last.at + endShownMs)
    return { signal: 'succeeded', ...until(shownUntil) };
  if (state === 'drifted') {
    if (input.frozen !== undefined) {
      const { until: frozenUntil } = input.frozen;
      return {
        signal: 'blocked',
        reason: inWordsOf(input.frozen),
        ...(frozenUntil === undefined ? {} : { until: frozenUntil }),
        ...until(),
      };
    }
    if (drift.blocked === 0) return { signal: 'drifted', ...until() };
    const reason = whyBlocked(drift);
    if (drift.blocked < drift.outOfSync) return { signal: 'drifted', reason, ...until() };
    const opensAt = input.blockedUntil?.();
    return {
      signal: 'blocked',
      reason,
      ...(opensAt === undefined ? {} : { until: toTime(opensAt) }),
      ...until(),
    };
  }
  return {
    signal: 'clear',
    ...(drift.unknown > 0
      ? { reason: `${drift.unknown} of ${drift.total} applications cannot be compared by Argo CD` }
      : {}),
    ...until(),
  };
}

const obstacleInWords: Record<Obstacle, string> = {
  'not-permitted': 'the account of the token may not sync them',
  'blocked-by-sync-window': 'a sync window of Argo CD forbids it',
};

function whyBlocked({ blocked, outOfSync, obstacles }: DriftCounts): string {
  const why = [...obstacles].sort().map((obstacle) => obstacleInWords[obstacle]);
  return `${blocked} of ${outOfSync} out of sync cannot be released: ${why.join('; ')}`;
}
