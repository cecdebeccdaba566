// Chooses the signal of a button: the strongest that applies. Pure; the caller sets the timer for `nextAt`.
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
  /** Until when the known state of Argo CD is valid, in milliseconds on the clock of `now` */
  readonly freshUntil: number;
  /** Why nothing newer is known, for people */
  readonly problem?: string;
  /** Running releases of this button */
  readonly releasing: number;
  /** How the last release of this button ended. Absent after a later accepted press */
  readonly last?: LastRelease;
  /** Why an application cannot be compared, for people, if that is known */
  readonly cause?: () => string | undefined;
  /** What was out of sync and cannot be compared now, for people */
  readonly lost?: () => string | undefined;
  /** The freezes that block it, the longest first */
  readonly frozen?: readonly Frozen[];
  /** Why nothing could be released although Argo CD would allow it, for people */
  readonly unwritable?: string;
  /** What is known about the sync windows that block it */
  readonly windows?: () => ClosedWindows;
}

export interface ClosedWindows {
  /** When a sync window frees the first application, in milliseconds since the epoch, if known */
  readonly until?: number | undefined;
  /** The descriptions of the windows. Undefined: none */
  readonly description?: string | undefined;
}

export interface LastRelease {
  readonly outcome: ReleaseOutcome;
  /** In milliseconds on the clock of `now` */
  readonly at: number;
  /** What remains of a failure */
  readonly left: Left;
  readonly inWords: string;
}

export interface SignalChoice {
  readonly signal: Signal;
  readonly reason?: string;
  /** Until when, in RFC 3339, if known */
  readonly until?: string;
  /** When to choose again although nothing has happened */
  readonly nextAt?: number;
}

/** The shortest time for which the light shows the end of a release. Source: the table of signals in `README.md`. */
export const endShownMs = 5_000;

export function signalOf(input: SignalInput, now: number): SignalChoice {
  const { drift, last, freshUntil } = input;
  const fresh = now < freshUntil;
  const state = driftState(drift, fresh);

  if (!fresh) return { signal: 'unknown', reason: input.problem ?? 'Argo CD has not answered yet' };
  const until = (...times: (number | undefined)[]) => {
    const coming = times.filter((time): time is number => time !== undefined && time > now);
    return { nextAt: Math.min(freshUntil, ...coming) };
  };
  if (input.releasing > 0) return { signal: 'releasing', ...until() };
  const shownUntil = last === undefined ? undefined : last.at + endShownMs;
  const isNews = last !== undefined && now < last.at + endShownMs;
  const failure = last === undefined || last.outcome === 'succeeded' ? undefined : last;
  // If nothing can be compared, that neither ends nor hides a failure.
  const failed =
    failure !== undefined && drift.total > 0 && (isNews || failure.left === 'failed') ? failure : undefined;
  // Also without drift (what was released may be unhealthy), at least for a while: people must not miss the end.
  if (failed !== undefined)
    return {
      signal: 'failed',
      ...because(failed.inWords, input.lost?.(), input.unwritable),
      ...until(shownUntil),
    };
  if (state === 'unknown') return { signal: 'unknown', reason: whyUnknown(input), ...until() };
  if (last?.outcome === 'succeeded' && isNews) return { signal: 'succeeded', ...until(shownUntil) };
  if (state === 'drifted') {
    // A fix that was pushed after the failure is new drift, and does not end the failure.
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
  const given = reasons.filter((reason) => reason !== undefined);
  return given.length === 0 ? {} : { reason: given.join('; ') };
}

function whyUnknown(input: SignalInput): string {
  if (input.drift.total === 0)
    return 'the button selects no application that the account of the token may see';
  return input.lost?.() ?? withCause('Argo CD can compare none of the applications', input);
}

function withCause(what: string, { cause }: SignalInput): string {
  const text = cause?.();
  return text === undefined ? what : `${what} (${text})`;
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
