// What a button has to say: the strongest signal that holds. Pure; the caller sets the timer for `nextAt`.
import type { ReleaseOutcome } from '../../messages/release.ts';
import type { Signal } from '../../messages/button.ts';
import type { Frozen } from '../../messages/freeze.ts';
import { toTime } from '../../messages/time.ts';
import { inWordsOf } from '../freeze/words.ts';
import type { DriftCounts, Obstacle } from './drifted.ts';
import type { Left } from './ending.ts';
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
  readonly last?: LastRelease;
  /** why an application cannot be compared, in words, as far as that is known */
  readonly cause?: () => string | undefined;
  /** what was out of sync and cannot be compared now, in words */
  readonly lost?: () => string | undefined;
  /** what keeps it from releasing, the freeze that lasts longest first */
  readonly frozen?: readonly Frozen[];
  /** why nothing could be released although Argo CD would let it, in words */
  readonly unwritable?: string;
  /** what is known of the sync windows that are in the way */
  readonly windows?: () => ClosedWindows;
}

export interface ClosedWindows {
  /** milliseconds since the epoch: when a sync window lets the first application through, as far as that is known */
  readonly until?: number | undefined;
  /** what people wrote down about them; undefined: nothing */
  readonly description?: string | undefined;
}

export interface LastRelease {
  readonly outcome: ReleaseOutcome;
  /** milliseconds on the clock of `now` */
  readonly at: number;
  /** what a failure has left */
  readonly left: Left;
  readonly inWords: string;
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
  const { drift, last, freshUntil } = input;
  const fresh = now < freshUntil;
  const state = driftState(drift, fresh);

  if (!fresh) return { signal: 'unknown', reason: input.problem ?? 'Argo CD has not been heard yet' };
  const until = (...times: (number | undefined)[]) => {
    const coming = times.filter((time): time is number => time !== undefined && time > now);
    return { nextAt: Math.min(freshUntil, ...coming) };
  };
  if (input.releasing > 0) return { signal: 'releasing', ...until() };
  const shownUntil = last === undefined ? undefined : last.at + endShownMs;
  const isNews = last !== undefined && now < last.at + endShownMs;
  const failure = last === undefined || last.outcome === 'succeeded' ? undefined : last;
  // That nothing can be compared is no end of a failure, and hides none.
  const failed =
    failure !== undefined && drift.total > 0 && (isNews || failure.left === 'failed') ? failure : undefined;
  // Also without drift left (what was released may be unhealthy), at least for a while: the end is not to be missed.
  if (failed !== undefined)
    return {
      signal: 'failed',
      ...because(failed.inWords, input.lost?.(), input.unwritable),
      ...until(shownUntil),
    };
  if (state === 'unknown') return { signal: 'unknown', reason: whyUnknown(input), ...until() };
  if (last?.outcome === 'succeeded' && isNews) return { signal: 'succeeded', ...until(shownUntil) };
  if (state === 'drifted') {
    // What has become of the failure: a fix that was pushed is new drift, and still not the end of it.
    const others = [
      failure?.left === 'new-target' ? failure.inWords : undefined,
      drift.wereOutOfSync > 0 ? input.lost?.() : undefined,
    ];
    if (input.unwritable !== undefined) {
      const frozen = input.frozen === undefined ? undefined : inWordsOf(input.frozen);
      return { signal: 'blocked', ...because(input.unwritable, frozen, ...others), ...until() };
    }
    if (input.frozen !== undefined) {
      const frozenUntil = input.frozen[0]?.until;
      return {
        signal: 'blocked',
        ...because(inWordsOf(input.frozen), ...others),
        ...(frozenUntil === undefined ? {} : { until: frozenUntil }),
        ...until(),
      };
    }
    if (drift.blocked === 0) return { signal: 'drifted', ...because(...others), ...until() };
    const windows = input.windows?.() ?? {};
    const reason = because(whyBlocked(drift, windows.description), ...others);
    if (drift.blocked < drift.outOfSync) return { signal: 'drifted', ...reason, ...until() };
    return {
      signal: 'blocked',
      ...reason,
      ...(windows.until === undefined ? {} : { until: toTime(windows.until) }),
      ...until(),
    };
  }
  return {
    signal: 'clear',
    ...(drift.unknown > 0
      ? { reason: withCause(`${drift.unknown} of ${drift.total} applications cannot be compared`, input) }
      : {}),
    ...until(),
  };
}

function because(...reasons: readonly (string | undefined)[]): { readonly reason?: string } {
  const known = reasons.filter((reason) => reason !== undefined);
  return known.length === 0 ? {} : { reason: known.join('; ') };
}

function whyUnknown(input: SignalInput): string {
  if (input.drift.total === 0) return 'no application that this account may see is selected by the button';
  return input.lost?.() ?? withCause('Argo CD can compare none of the applications', input);
}

function withCause(what: string, { cause }: SignalInput): string {
  const known = cause?.();
  return known === undefined ? what : `${what} (${known})`;
}

const obstacleInWords: Record<Obstacle, string> = {
  'not-permitted': 'the account of the token may not sync them',
  'blocked-by-sync-window': 'a sync window of Argo CD forbids it',
};

function whyBlocked({ blocked, outOfSync, obstacles }: DriftCounts, description: string | undefined): string {
  const why = [...obstacles].sort().map((obstacle) => {
    const words = obstacleInWords[obstacle];
    return obstacle === 'blocked-by-sync-window' && description !== undefined
      ? `${words} (${description})`
      : words;
  });
  return `${blocked} of ${outOfSync} out of sync cannot be released: ${why.join('; ')}`;
}
