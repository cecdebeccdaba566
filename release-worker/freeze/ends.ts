// When freezes end. Pure. A freeze until a time ends by the wall clock. A freeze for a duration ends when both clocks agree:
// the wall clock of a Raspberry Pi jumps by years when the network sets it, and the monotonic clock restarts with the
// process.
import { fromTime, toTime } from '../../messages/time.ts';
import { isClockSet } from '../../service/clock.ts';

/** One moment on both clocks, in milliseconds. */
export interface Moment {
  /** since the epoch */
  readonly now: number;
  /** since some moment in the past */
  readonly monotonic: number;
}

/** The members of a freeze that determine its end. */
interface Ending {
  /** when it began */
  readonly at: string;
  readonly until?: string;
  readonly forSeconds?: number;
  /** earliest end, on the monotonic clock in milliseconds */
  readonly waitUntil?: number;
}

/** Remaining time in milliseconds: the longer one by the two clocks. 0 or less: it has ended. */
export function leftOf({ until, waitUntil = -Infinity }: Ending, { now, monotonic }: Moment): number {
  return until === undefined ? Infinity : Math.max(fromTime(until) - now, waitUntil - monotonic);
}

export function stillHolding<Held extends Ending>(held: readonly Held[], moment: Moment): readonly Held[] {
  return held.filter((one) => leftOf(one, moment) > 0);
}

/** Milliseconds until the first of them ends, 0 or less if one has ended. Infinity: none has an end. */
export function firstEndIn(held: readonly Ending[], moment: Moment): number {
  return Math.min(Infinity, ...held.map((one) => leftOf(one, moment)));
}

/**
 * Restores a freeze from the disk or the broker. If a freeze for a duration began before the clock was set, nobody knows
 * how much of it is left, so it begins again.
 */
export function restored<Held extends Ending>(held: Held, { now, monotonic }: Moment): Held {
  const { at, until, forSeconds } = held;
  if (until === undefined || forSeconds === undefined) return held;
  const wholeMs = forSeconds * 1_000;
  if (!isClockSet(fromTime(at)) && isClockSet(now))
    return { ...held, until: toTime(now + wholeMs), waitUntil: monotonic + wholeMs };
  const leftMs = Math.min(fromTime(until) - now, wholeMs);
  return leftMs > 0 ? { ...held, waitUntil: monotonic + leftMs } : held;
}

/** Longest step of a clock that is adjusted continuously, in milliseconds. */
const adjustedMs = 5_000;

/** Corrects `until` if the wall clock was set forward. Returns the same object if it was not. */
export function withTrueEnd<Held extends Ending>(held: Held, { now, monotonic }: Moment): Held {
  const { until, waitUntil = -Infinity } = held;
  const end = now + waitUntil - monotonic;
  return until === undefined || end <= fromTime(until) + adjustedMs ? held : { ...held, until: toTime(end) };
}
