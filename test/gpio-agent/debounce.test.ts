import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  debounce,
  leavingSince,
  unsettled,
  type DebounceState,
  type LevelEvent,
  type Transition,
} from '../../gpio-agent/debounce.ts';

// Half a millisecond, because random trains have whole milliseconds. On the boundary, both answers would be right.
const times = { pressMs: 30.5, releaseMs: 60.5 };
const sampleMs = 5;
/** How often the agent looks at a level that settles. */
const settlingLookMs = 1;
const longestSpikeMs = 3;

interface Interval {
  readonly pressed: boolean;
  readonly from: number;
  readonly to: number;
}

/** Makes alternating levels, each with its duration in ms. The first level is released. */
function train(durations: readonly number[]): readonly Interval[] {
  let from = 0;
  return durations.map((duration, index) => {
    const interval = { pressed: index % 2 === 1, from, to: from + duration };
    from = interval.to;
    return interval;
  });
}

/**
 * The expected result, from whole intervals. Steady intervals with less than 3 ms between them are joined, and count when
 * they reach their time. An interval that reaches its time during a spike counts when the spike is over.
 */
function oracle(intervals: readonly Interval[]): readonly Pick<Transition, 'pressed' | 'since'>[] {
  const steady = intervals.filter(({ from, to }) => to - from >= longestSpikeMs);
  const joined: Interval[] = [];
  for (const interval of steady) {
    const last = joined.at(-1);
    const joins = last?.pressed === interval.pressed && interval.from - last.to < longestSpikeMs;
    if (joins) joined.pop();
    joined.push(joins ? { ...interval, from: last.from } : interval);
  }
  const changes: Pick<Transition, 'pressed' | 'since'>[] = [];
  let settled: boolean | undefined;
  for (const { pressed, from, to } of joined) {
    if (pressed === settled) continue;
    const due = from + (settled === undefined || pressed ? times.pressMs : times.releaseMs);
    const backInTime = intervals.some(
      (short) =>
        short.pressed === pressed && short.from >= to && short.from < to + longestSpikeMs && short.to > due,
    );
    if (to < due && !backInTime) continue;
    if (settled !== undefined) changes.push({ pressed, since: from });
    settled = pressed;
  }
  return changes;
}

function run(events: readonly LevelEvent[], settleTimes = { pressMs: 30.5, releaseMs: 30.5 }) {
  let state: DebounceState = unsettled;
  const transitions: Transition[] = [];
  for (const event of events) {
    const step = debounce(state, event, settleTimes);
    state = step.state;
    transitions.push(...step.transitions);
  }
  return { state, transitions, changes: transitions.filter((transition) => !transition.initial) };
}

const levelIn = (intervals: readonly Interval[], at: number) =>
  intervals.find(({ from, to }) => from <= at && at < to)?.pressed ?? false;

const endOf = (intervals: readonly Interval[]) => intervals.at(-1)?.to ?? 0;

/** Feeds edges as a kernel stamps them. The timer at `nextAt` fires in time, or late by the given delays. */
function byEdges(intervals: readonly Interval[], lateness: readonly number[] = []) {
  let state: DebounceState = unsettled;
  const changes: Transition[] = [];
  let timers = 0;
  let nextAt: number | undefined;
  const feed = (event: LevelEvent) => {
    const step = debounce(state, event, times);
    state = step.state;
    nextAt = step.nextAt;
    changes.push(...step.transitions.filter((transition) => !transition.initial));
  };
  const timerAt = () =>
    nextAt === undefined
      ? Number.POSITIVE_INFINITY
      : nextAt + (lateness[timers % Math.max(1, lateness.length)] ?? 0);
  const timersUntil = (end: number) => {
    for (let at = timerAt(); at < end; at = timerAt()) {
      timers += 1;
      feed({ kind: 'sample', pressed: levelIn(intervals, at), at });
    }
  };
  for (const [index, { pressed, from }] of intervals.entries()) {
    timersUntil(from);
    feed({ kind: index === 0 ? 'sample' : 'edge', pressed, at: from });
  }
  timersUntil(endOf(intervals));
  const at = endOf(intervals) - 0.1;
  feed({ kind: 'sample', pressed: levelIn(intervals, at), at });
  return { changes, state };
}

/** Feeds samples on a grid that begins at `phase`, and every ms while a level settles, as the timers of the agent do. */
function bySamples(intervals: readonly Interval[], phase: number) {
  let state: DebounceState = unsettled;
  const changes: Transition[] = [];
  let regularAt = phase;
  let nextAt: number | undefined;
  let interval = 0;
  const levelAt = (at: number) => {
    while (at >= (intervals[interval]?.to ?? Number.POSITIVE_INFINITY)) interval += 1;
    return intervals[interval]?.pressed ?? false;
  };
  for (;;) {
    const at = Math.min(regularAt, nextAt ?? regularAt);
    if (at >= endOf(intervals)) return { changes, state };
    const step = debounce(state, { kind: 'sample', pressed: levelAt(at), at }, times);
    state = step.state;
    nextAt = step.nextAt === undefined ? undefined : at + settlingLookMs;
    changes.push(...step.transitions.filter((transition) => !transition.initial));
    if (at === regularAt) regularAt += sampleMs;
  }
}

const pressesOf = (changes: readonly Transition[]) => changes.filter(({ pressed }) => pressed);

const spike = fc.integer({ min: 1, max: 30 });
/** Longer than any settle time and one sample. */
const long = fc.integer({ min: 67, max: 500 });
const quiet = fc.integer({ min: 200, max: 500 });
/** Too short for a level to count as steady. */
const short = fc.integer({ min: 1, max: 299 }).map((hundredths) => hundredths / 100);

describe('a driver with edges', () => {
  const anyTrain = fc
    .tuple(quiet, fc.array(fc.oneof(fc.integer({ min: 1, max: 2 }), spike, long), { maxLength: 40 }))
    .map(([first, rest]) => train([first, ...rest]));

  test('for any train of edges the steady levels decide, however late the timers fire', () => {
    fc.assert(
      fc.property(
        anyTrain,
        fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 8 }),
        (intervals, lateness) => {
          const { changes } = byEdges(intervals, lateness);
          expect(changes.map(({ pressed, since }) => ({ pressed, since }))).toEqual(oracle(intervals));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('noise whose levels are all shorter than 3 ms is never a press, at any rate', () => {
    fc.assert(
      fc.property(quiet, fc.array(short, { maxLength: 400 }), (first, noise) => {
        expect(byEdges(train([first, ...noise])).changes).toEqual([]);
      }),
    );
  });

  test('a level that is held for its time is a press, with any spikes shorter than 3 ms on it', () => {
    const held = fc.array(fc.tuple(fc.integer({ min: 3, max: 20 }), short), { maxLength: 60 });
    fc.assert(
      fc.property(quiet, held, fc.integer({ min: 3, max: 40 }), (first, parts, last) => {
        const durations = [...parts.flat(), last];
        const heldMs = durations.reduce((sum, ms) => sum + ms, 0);
        fc.pre(heldMs > times.pressMs);
        const { changes } = byEdges(train([first, ...durations, 500]));
        expect(changes.map(({ pressed }) => pressed)).toEqual([true, false]);
        expect(changes[0]?.since).toBe(first);
        expect(changes[1]?.heldMs).toBeCloseTo(heldMs);
      }),
      { numRuns: 100 },
    );
  });

  test('a level counts when its time is over, or after a spike at that moment, and a release says how long it was held', () => {
    fc.assert(
      fc.property(anyTrain, (intervals) => {
        let pressedSince = 0;
        for (const { pressed, since, at, heldMs } of byEdges(intervals).changes) {
          const latenessMs = at - since - (pressed ? times.pressMs : times.releaseMs);
          expect(latenessMs).toBeGreaterThanOrEqual(0);
          expect(latenessMs).toBeLessThan(longestSpikeMs);
          if (pressed) pressedSince = since;
          expect(heldMs).toBe(pressed ? undefined : since - pressedSince);
        }
      }),
    );
  });
});

describe('a driver that samples', () => {
  const phase = fc.integer({ min: 0, max: 8 * (sampleMs - 1) }).map((eighths) => eighths / 8);

  test('a single spike shorter than the debounce time is never a press', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(quiet, spike)), phase, (pairs, phase) => {
        expect(bySamples(train([...pairs.flat(), 500]), phase).changes).toEqual([]);
      }),
    );
  });

  test('every press longer than the debounce time and one sample is exactly one press', () => {
    const press = fc.integer({ min: 36, max: 500 });
    fc.assert(
      fc.property(fc.array(fc.tuple(quiet, press)), phase, (pairs, phase) => {
        const { changes } = bySamples(train([...pairs.flat(), 500]), phase);
        expect(pressesOf(changes)).toHaveLength(pairs.length);
      }),
      { numRuns: 100 },
    );
  });

  test('a press with spikes shorter than 3 ms is one press, if it is held 5 ms longer for each of them', () => {
    const held = fc.array(fc.tuple(fc.integer({ min: 6, max: 20 }), short), { maxLength: 20 });
    fc.assert(
      fc.property(quiet, held, phase, (first, parts, phase) => {
        // The level is noticed late, and the last sample comes before the end of a spike: 2 ms more.
        const last = times.pressMs + sampleMs + 2 + 5 * parts.length;
        const { changes } = bySamples(train([first, ...parts.flat(), last, 500]), phase);
        expect(changes.map(({ pressed }) => pressed)).toEqual([true, false]);
      }),
      { numRuns: 100 },
    );
  });

  test('with bounces at every edge, samples give as many presses as edges do, each within the times of a sample and of the bounces', () => {
    const bouncing = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }).map((steps) =>
      // An even number of short levels, so that the next level is the other one.
      steps.length % 2 === 0 ? steps : steps.slice(1),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(quiet, bouncing, long, bouncing)), phase, (parts, phase) => {
        const intervals = train([
          ...parts.flatMap(([gap, press, held, release]) => [gap, ...press, held, ...release]),
          500,
        ]);
        const exact = byEdges(intervals).changes;
        const sampled = bySamples(intervals, phase).changes;
        expect(sampled.map(({ pressed }) => pressed)).toEqual(exact.map(({ pressed }) => pressed));
        for (const [index, { since }] of sampled.entries())
          expect(Math.abs(since - (exact[index]?.since ?? Number.NaN))).toBeLessThanOrEqual(sampleMs + 24);
      }),
      { numRuns: 100 },
    );
  });

  test('late samples do not join the half waves of the mains to one level', () => {
    // Half waves of 10 ms: a sample every 5 ms finds each level twice, or once if the samples are late.
    const half = Array.from({ length: 200 }, () => 10);
    for (const everyMs of [4, 5, 6, 7, 8, 9]) {
      const intervals = train([500, ...half]);
      const events: LevelEvent[] = [];
      for (let at = 0; at < endOf(intervals); at += everyMs)
        events.push({ kind: 'sample', pressed: levelIn(intervals, at), at });
      expect(run(events, times).changes).toEqual([]);
    }
  });
});

test('with any driver presses and releases alternate, and each of them has lasted for its time', () => {
  const event = fc.record({
    kind: fc.constantFrom('edge' as const, 'sample' as const, 'gap' as const),
    pressed: fc.boolean(),
    afterMs: fc.oneof(short, fc.integer({ min: -5, max: 200 })),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (steps) => {
      let at = 0;
      const events = steps.map(({ kind, pressed, afterMs }) => ({ kind, pressed, at: (at += afterMs) }));
      const { transitions } = run(events, times);
      for (const [index, { pressed, initial, since, at: countedAt }] of transitions.entries()) {
        expect(initial).toBe(index === 0);
        const rounding = 1e-6;
        expect(countedAt - since).toBeGreaterThanOrEqual(
          (pressed || initial ? times.pressMs : times.releaseMs) - rounding,
        );
        const before = transitions[index - 1];
        if (before === undefined) continue;
        expect(pressed).toBe(!before.pressed);
        expect(since).toBeGreaterThanOrEqual(before.since + longestSpikeMs - rounding);
      }
    }),
    { numRuns: 1000 },
  );
});

describe('a press begins at a press', () => {
  test('a button that is held at the start is not pressed until it is released and pressed again', () => {
    const { transitions } = run([
      { kind: 'sample', pressed: true, at: 0 },
      { kind: 'edge', pressed: false, at: 1000 },
      { kind: 'edge', pressed: true, at: 2000 },
      { kind: 'sample', pressed: true, at: 2100 },
    ]);
    expect(transitions.map(({ pressed, initial, since }) => ({ pressed, initial, since }))).toEqual([
      { pressed: true, initial: true, since: 0 },
      { pressed: false, initial: false, since: 1000 },
      { pressed: true, initial: false, since: 2000 },
    ]);
  });
});

describe('the driver may be wrong', () => {
  test('about a spike whose second edge waits in the queue while the timer is late: it is not a press', () => {
    // The driver delivers the falling edge before it answers the read of the late timer.
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'edge', pressed: true, at: 100 },
      { kind: 'edge', pressed: false, at: 110 },
      { kind: 'sample', pressed: false, at: 180 },
    ]);
    expect(changes).toEqual([]);
  });

  test('about two rising edges without the falling one: they do not prove that the level lasted', () => {
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'edge', pressed: true, at: 100 },
      { kind: 'edge', pressed: true, at: 200 },
      { kind: 'edge', pressed: false, at: 210 },
      { kind: 'sample', pressed: false, at: 300 },
    ]);
    expect(changes).toEqual([]);
  });

  test('about a read of another level than the last edge: it restarts the settling', () => {
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'sample', pressed: false, at: 100 },
      { kind: 'sample', pressed: true, at: 500 },
      { kind: 'sample', pressed: true, at: 540 },
    ]);
    expect(changes.map(({ since }) => since)).toEqual([500]);
  });

  test('about an edge from before the last read: it does not prove that a level has lasted since then', () => {
    const { changes, state } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'sample', pressed: false, at: 100 },
      { kind: 'edge', pressed: true, at: 20 },
      { kind: 'sample', pressed: true, at: 120 },
    ]);
    expect(changes).toEqual([]);
    expect(state.rawSince).toBe(100);
  });
});

describe('lost edges', () => {
  test('make everything before the next edge unknown: a level that seems to have lasted is not a press', () => {
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'edge', pressed: true, at: 100 },
      { kind: 'gap', pressed: false, at: 200 },
      { kind: 'sample', pressed: false, at: 300 },
    ]);
    expect(changes).toEqual([]);
  });

  test('let a level settle from the next edge on', () => {
    const { changes, state } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'sample', pressed: false, at: 50 },
      { kind: 'edge', pressed: true, at: 100 },
      { kind: 'gap', pressed: true, at: 200 },
      { kind: 'sample', pressed: true, at: 230.4 },
      { kind: 'sample', pressed: true, at: 230.6 },
    ]);
    expect(changes.map(({ since, at }) => ({ since, at }))).toEqual([{ since: 200, at: 230.5 }]);
    expect(state.bounces).toBe(0);
  });
});

test('a release that may be a bounce is visible as pending from its first moment', () => {
  const held: LevelEvent[] = [
    { kind: 'sample', pressed: false, at: 0 },
    { kind: 'sample', pressed: false, at: 50 },
    { kind: 'edge', pressed: true, at: 100 },
    { kind: 'sample', pressed: true, at: 150 },
  ];
  const leaving = (...more: LevelEvent[]) => leavingSince(run([...held, ...more], times).state);
  expect(leaving()).toBeUndefined();
  expect(leaving({ kind: 'edge', pressed: false, at: 200 })).toBe(200);
  expect(
    leaving({ kind: 'edge', pressed: false, at: 200 }, { kind: 'sample', pressed: false, at: 230 }),
  ).toBe(200);
  expect(leaving({ kind: 'edge', pressed: false, at: 200 }, { kind: 'edge', pressed: true, at: 201 })).toBe(
    undefined,
  );
});

test('bounces and the shortest pulse are counted', () => {
  const { state } = byEdges(train([500, 3, 2, 100, 500]));
  expect(state).toMatchObject({ bounces: 2, shortestPulseMs: 2 });
});

test('a debounce time of 0 lets every level count at once', () => {
  const { changes } = run(
    [
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'edge', pressed: true, at: 10 },
      { kind: 'edge', pressed: false, at: 11 },
    ],
    { pressMs: 0, releaseMs: 0 },
  );
  expect(changes.map(({ pressed, at }) => ({ pressed, at }))).toEqual([
    { pressed: true, at: 10 },
    { pressed: false, at: 11 },
  ]);
});
