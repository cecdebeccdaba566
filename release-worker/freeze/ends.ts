// When freezes end. Pure. A freeze until a time ends by the wall clock. A freeze for a duration ends when both clocks say
// so: the wall clock of a Raspberry Pi jumps by years once the network has told it the time, and the monotonic one starts
// anew with the process.
import { fromTime, toTime } from '../../messages/time.ts';
import { isClockSet } from '../../service/clock.ts';

/** One instant by both clocks, in milliseconds. */
export interface Moment {
  /** since the epoch */
  readonly now: number;
  /** since some moment in the past */
  readonly monotonic: number;
}

/** What of a freeze tells its end. */
interface Ending {
  /** since when */
  readonly at: string;
  readonly until?: string;
  readonly forSeconds?: number;
  /** it holds until then at least: monotonic */
  readonly waitUntil?: number;
}

/** How long it still holds, in milliseconds: the longer of what the two clocks say. Not above 0: it has ended. */
export function leftOf({ until, waitUntil = -Infinity }: Ending, { now, monotonic }: Moment): number {
  return until === undefined ? Infinity : Math.max(fromTime(until) - now, waitUntil - monotonic);
}

export function stillHolding<Held extends Ending>(held: readonly Held[], moment: Moment): readonly Held[] {
  return held.filter((one) => leftOf(one, moment) > 0);
}

/** In how many milliseconds the first of them ends, not above 0 where it has; Infinity: never by itself. */
export function firstEndIn(held: readonly Ending[], moment: Moment): number {
  return Math.min(Infinity, ...held.map((one) => leftOf(one, moment)));
}

/**
 * One that was read from the disk or the broker. Of a freeze for a duration that began before the clock was set nobody
 * knows how much is left: it begins anew.
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

/** A clock that is adjusted all the time is off by less. In milliseconds. */
const adjustedMs = 5_000;

/** With `until` at the end that holds, where the wall clock has been put forward; the same object where it has not. */
export function withTrueEnd<Held extends Ending>(held: Held, { now, monotonic }: Moment): Held {
  const { until, waitUntil = -Infinity } = held;
  const end = now + waitUntil - monotonic;
  return until === undefined || end <= fromTime(until) + adjustedMs ? held : { ...held, until: toTime(end) };
}
