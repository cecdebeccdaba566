// Derives the presses that must result from what was done to a line, independently of the agent's code. Times in ms.
//
// A level counts once it has held for its time; a shorter one never happened. Of equal levels that count in a row only the
// first counts. Equal levels may have counted as one if less than 3 ms passed between them and each but the last held for 3 ms.
// A machine pauses, so a duration is known only from the clock before and after the two writes that began and ended the level:
// the level surely held long enough, or surely not, or either answer is right.

/** A level was set between `before` and `after`. */
export interface Write {
  readonly pressed: boolean;
  readonly before: number;
  readonly after: number;
}

export interface Interval {
  readonly pressed: boolean;
  /** It began between these two. */
  readonly from: number;
  readonly until: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

/** From each write to the next. @param end until when the last level held */
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
  /** Of a release. */
  readonly releaseDebounceMs: number;
  /** A level that held less than this beyond the debounce time may count or not. */
  readonly toleranceMs: number;
}

export type Verdict = 'counts' | 'unsure' | 'never';

/** @param from its earliest beginning, together with the equal levels before it that may belong to it */
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

/** For each interval its earliest beginning, together with the equal ones before it that may belong to it. */
function startsOf(intervals: readonly Interval[]): readonly number[] {
  /** For both levels, the last one that may have held for `spikeMs`: its beginning and end. */
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
  /** How long the button was held, by the agent's message. */
  readonly heldMs?: number;
}

export interface Judgement {
  /** The interval with which each press began, and the received press for it. */
  readonly seen: readonly { readonly interval: number; readonly received: number; readonly lagMs: number }[];
  /** Intervals that began a press which was not received. */
  readonly missed: readonly number[];
  /** Received although nobody pressed. */
  readonly phantoms: readonly number[];
}

export interface JudgeOptions extends Rules {
  /** Whether a press is sent when it has settled, or when its release has. */
  readonly goesOutAt: 'press' | 'release';
  /** How long a press may take from the agent to its receiver. */
  readonly lagMs: number;
  /** By how much `heldMs` may be wrong. */
  readonly heldToleranceMs: number;
}

/** One interpretation of the uncertain levels, and the received presses that fit it. */
interface Path {
  /** The interval that is held, if it counted as a press. */
  readonly held: number | undefined;
  /** Received presses that are explained. */
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
 * Matches received presses, in order, with the intervals, in order, in the way that leaves the fewest errors, whichever
 * interpretation of the uncertain intervals that takes. The line is released and settled before the first interval.
 */
export function judge(
  intervals: readonly Interval[],
  received: readonly Received[],
  options: JudgeOptions,
): Judgement {
  const starts = startsOf(intervals);
  const startOf = (index: number) => starts[index] ?? 0;
  let paths: readonly Path[] = [{ held: undefined, received: 0, errors: 0, lagMs: 0, last: undefined }];

  /** A press began with `began` and was sent because of `cause`: received, or missed. */
  const goesOut = (path: Path, began: number, cause: number): readonly Path[] => {
    const missed: Path = {
      ...path,
      errors: path.errors + 1,
      last: { before: path.last, interval: began },
    };
    const [interval, trigger] = [intervals[began], intervals[cause]];
    if (interval === undefined || trigger === undefined) return [missed];
    const waitMs = trigger.pressed ? options.debounceMs : options.releaseDebounceMs;
    const fits = (press: Received | undefined): press is Received =>
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
      if (fits(press)) {
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

  const take = (path: Path, index: number): readonly Path[] => {
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
      paths.flatMap((path) => (verdict === 'unsure' ? [path, ...take(path, index)] : take(path, index))),
      options.goesOutAt,
    );
  }
  const ended = paths.map((path) => ({ ...path, errors: path.errors + received.length - path.received }));
  const [winner] = ended.toSorted((one, other) => one.errors - other.errors || one.lagMs - other.lagMs);
  return judgementOf(winner, received.length);
}

/** Of paths with the same continuations, the one with the fewest errors. */
function best(paths: readonly Path[], goesOutAt: JudgeOptions['goesOutAt']): readonly Path[] {
  const kept = new Map<string, Path>();
  for (const path of paths) {
    // Which interval is held only matters for a press that has not been sent.
    const held = goesOutAt === 'press' ? path.held !== undefined : path.held;
    const key = `${held} ${path.received}`;
    const other = kept.get(key);
    if (
      other === undefined ||
      path.errors < other.errors ||
      (path.errors === other.errors && path.lagMs < other.lagMs)
    )
      kept.set(key, path);
  }
  return [...kept.values()];
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
