// Derives the presses that must result from what was done to a line, without the code of the agent. Times are in ms.
//
// A level counts when it has lasted for its time; a shorter level never happened. Of equal levels that count in a row,
// only the first counts. Equal levels may have counted as one if less than 3 ms passed between them and each but the last
// lasted for 3 ms. A machine pauses, so a duration is known only from the clock before and after the two writes that
// began and ended the level. So the level surely lasted long enough, or surely not, or either answer is right.

/** A level was set between `before` and `after`. */
export interface Write {
  readonly pressed: boolean;
  readonly before: number;
  readonly after: number;
}

export interface Interval {
  readonly pressed: boolean;
  /** the two moments between which the level began */
  readonly from: number;
  readonly until: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

/**
 * The levels from each write to the next.
 * @param end until when the last level lasted
 */
export function intervalsOf(writes: readonly Write[], end: number): readonly Interval[] {
  return writes.map(({ pressed, before, after }, index) => {
    const next = writes[index + 1] ?? { before: end, after: end };
    return {
      pressed,
      from: before,
      until: after,
      shortestMs: Math.max(0, next.before - after),
      longestMs: next.after - before,
    };
  });
}

export interface Rules {
  readonly debounceMs: number;
  /** of a release */
  readonly releaseDebounceMs: number;
  /** A level that lasted less than this beyond the debounce time may count or not. */
  readonly toleranceMs: number;
}

export type Verdict = 'counts' | 'unsure' | 'never';

/** @param from the earliest beginning of the level, together with equal levels before it that may belong to it */
export function verdictOf(interval: Interval, rules: Rules, from = interval.from): Verdict {
  const { pressed, shortestMs, longestMs } = interval;
  const waitMs = pressed ? rules.debounceMs : rules.releaseDebounceMs;
  if (longestMs + interval.from - from < waitMs - roundingMs) return 'never';
  return shortestMs > waitMs + rules.toleranceMs ? 'counts' : 'unsure';
}

/** A shorter level does not separate the two around it, and begins nothing (docs/trust-finger.md). */
const spikeMs = 3;

/** Sums of times that differ by less are equal. */
const roundingMs = 1e-6;

/** The earliest beginning of each interval, together with the equal ones before it that may belong to it. */
function startsOf(intervals: readonly Interval[]): readonly number[] {
  /** For both levels, the last one that may have lasted for `spikeMs`: its beginning and end. */
  const steady = new Map<boolean, { readonly start: number; readonly end: number }>();
  return intervals.map(({ pressed, from, until, longestMs }, index) => {
    const before = steady.get(pressed);
    const start = before !== undefined && from - before.end < spikeMs + roundingMs ? before.start : from;
    if (longestMs >= spikeMs - roundingMs)
      steady.set(pressed, { start, end: intervals[index + 1]?.until ?? until + longestMs });
    return start;
  });
}

export interface Received {
  readonly at: number;
  /** how long the button was held, as the agent reports it */
  readonly heldMs?: number;
}

export interface Judgement {
  /** the interval with which each press began, and the press that was received for it */
  readonly seen: readonly { readonly interval: number; readonly received: number; readonly lagMs: number }[];
  /** intervals that began a press which was not received */
  readonly missed: readonly number[];
  /** presses that were received although nobody pressed */
  readonly phantoms: readonly number[];
}

export interface JudgeOptions extends Rules {
  /** whether a press is sent when it has settled, or when its release has settled */
  readonly goesOutAt: 'press' | 'release';
  /** how long a press may take from the agent to its receiver */
  readonly lagMs: number;
  /** by how much `heldMs` may be wrong */
  readonly heldToleranceMs: number;
}

/** One interpretation of the uncertain levels, and the received presses that fit it. */
interface Path {
  /** the interval that is held, if it counted as a press */
  readonly held: number | undefined;
  /** how many received presses are explained */
  readonly received: number;
  readonly errors: number;
  readonly lagMs: number;
  readonly last: Entry | undefined;
}

interface Entry {
  readonly before: Entry | undefined;
  readonly interval?: number;
  readonly received?: number;
  readonly lagMs?: number;
}

/**
 * Matches received presses with intervals, both in their order, so that the fewest errors are left. It tries every
 * interpretation of the uncertain intervals. Before the first interval the line is released and settled.
 */
export function judge(
  intervals: readonly Interval[],
  received: readonly Received[],
  options: JudgeOptions,
): Judgement {
  const starts = startsOf(intervals);
  const startOf = (index: number) => starts[index] ?? 0;
  let paths: readonly Path[] = [{ held: undefined, received: 0, errors: 0, lagMs: 0, last: undefined }];

  /** A press began with `began` and was sent because of `cause`: it was received, or it was missed. */
  const goesOut = (path: Path, began: number, cause: number): readonly Path[] => {
    const missed: Path = {
      ...path,
      errors: path.errors + 1,
      last: { before: path.last, interval: began },
    };
    const [interval, trigger] = [intervals[began], intervals[cause]];
    if (interval === undefined || trigger === undefined) return [missed];
    const waitMs = trigger.pressed ? options.debounceMs : options.releaseDebounceMs;
    const matches = (press: Received | undefined): press is Received =>
      press !== undefined &&
      press.at >= startOf(cause) + waitMs - 1 &&
      press.at <= trigger.until + waitMs + options.lagMs &&
      (press.heldMs === undefined ||
        (press.heldMs >= startOf(cause) - interval.until - options.heldToleranceMs &&
          press.heldMs <= trigger.until - startOf(began) + options.heldToleranceMs));
    const seen: Path[] = [];
    // Received presses before the one that fits are phantoms.
    let { errors, last } = path;
    for (let index = path.received; index < received.length; index += 1) {
      const press = received[index];
      if (matches(press)) {
        const lagMs = Math.max(0, press.at - trigger.until - waitMs);
        seen.push({
          ...path,
          received: index + 1,
          errors,
          lagMs: path.lagMs + lagMs,
          last: { before: last, interval: began, received: index, lagMs },
        });
      }
      if (press !== undefined && press.at > trigger.until + waitMs + options.lagMs) break;
      errors += 1;
      last = { before: last, received: index };
    }
    return [...seen, missed];
  };

  const extend = (path: Path, index: number): readonly Path[] => {
    const { held } = path;
    if (intervals[index]?.pressed === (held !== undefined)) return [path];
    if (held === undefined) {
      const pressed = { ...path, held: index };
      return options.goesOutAt === 'press' ? goesOut(pressed, index, index) : [pressed];
    }
    const released = { ...path, held: undefined };
    return options.goesOutAt === 'release' ? goesOut(released, held, index) : [released];
  };

  for (const [index, interval] of intervals.entries()) {
    const verdict = verdictOf(interval, options, startOf(index));
    if (verdict === 'never') continue;
    paths = best(
      paths.flatMap((path) => (verdict === 'unsure' ? [path, ...extend(path, index)] : extend(path, index))),
      options.goesOutAt,
    );
  }
  const endedPaths = paths.map((path) => ({
    ...path,
    errors: path.errors + received.length - path.received,
  }));
  const [winner] = endedPaths.toSorted((one, other) => one.errors - other.errors || one.lagMs - other.lagMs);
  return judgementOf(winner, received.length);
}

/** The paths with the fewest errors, one for each possible continuation. */
function best(paths: readonly Path[], goesOutAt: JudgeOptions['goesOutAt']): readonly Path[] {
  const bestByKey = new Map<string, Path>();
  for (const path of paths) {
    // Which interval is held matters only for a press that has not been sent.
    const held = goesOutAt === 'press' ? path.held !== undefined : path.held;
    const key = `${held} ${path.received}`;
    const other = bestByKey.get(key);
    if (
      other === undefined ||
      path.errors < other.errors ||
      (path.errors === other.errors && path.lagMs < other.lagMs)
    )
      bestByKey.set(key, path);
  }
  return [...bestByKey.values()];
}

function judgementOf(path: Path | undefined, receivedCount: number): Judgement {
  const seen: { interval: number; received: number; lagMs: number }[] = [];
  const missed: number[] = [];
  const phantoms: number[] = [];
  for (let entry = path?.last; entry !== undefined; entry = entry.before) {
    const { interval, received, lagMs = 0 } = entry;
    if (interval !== undefined && received !== undefined) seen.push({ interval, received, lagMs });
    else if (interval !== undefined) missed.push(interval);
    else if (received !== undefined) phantoms.push(received);
  }
  for (let index = path?.received ?? 0; index < receivedCount; index += 1) phantoms.push(index);
  return {
    seen: seen.toReversed(),
    missed: missed.toReversed(),
    phantoms: phantoms.toSorted((one, other) => one - other),
  };
}
