import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { debounce, unsettled } from '../../gpio-agent/debounce.ts';
import type { DebounceState, LevelEvent, Transition } from '../../gpio-agent/debounce.ts';

// Half a millisecond keeps random whole-millisecond trains off the boundary, where either answer is right.
const debounceMs = 30.5;
const sampleMs = 5;

interface Interval {
  readonly pressed: boolean;
  readonly from: number;
  readonly to: number;
}

/** Levels that alternate, each for so many ms; the first is released. */
function train(durations: readonly number[]): readonly Interval[] {
  let from = 0;
  return durations.map((duration, index) => {
    const interval = { pressed: index % 2 === 1, from, to: from + duration };
    from = interval.to;
    return interval;
  });
}

/** What must come out, from whole intervals: those that last count, and of equal neighbours only the first. */
function oracle(intervals: readonly Interval[]): readonly Pick<Transition, 'pressed' | 'since'>[] {
  const lasting = intervals.filter(({ from, to }) => to - from > debounceMs);
  return lasting
    .filter((interval, index) => index > 0 && interval.pressed !== lasting[index - 1]?.pressed)
    .map(({ pressed, from }) => ({ pressed, since: from }));
}

function run(events: readonly LevelEvent[], ms = debounceMs) {
  let state: DebounceState = unsettled;
  const transitions: Transition[] = [];
  for (const event of events) {
    const step = debounce(state, event, ms);
    state = step.state;
    transitions.push(...step.transitions);
  }
  return { state, transitions, changes: transitions.filter((transition) => !transition.initial) };
}

const levelIn = (intervals: readonly Interval[], at: number) =>
  intervals.find(({ from, to }) => from <= at && at < to)?.pressed ?? false;

const endOf = (intervals: readonly Interval[]) => intervals.at(-1)?.to ?? 0;

/** Edges as a kernel stamps them; the timer at `nextAt` comes in time or, for each one, so late. */
function byEdges(intervals: readonly Interval[], lateness: readonly number[] = []) {
  let state: DebounceState = unsettled;
  const changes: Transition[] = [];
  let timers = 0;
  let nextAt: number | undefined;
  const feed = (event: LevelEvent) => {
    const step = debounce(state, event, debounceMs);
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

/** Samples on a grid that begins at `phase`, and at `nextAt`, as the agent's timer takes them. */
function bySamples(intervals: readonly Interval[], phase: number) {
  let state: DebounceState = unsettled;
  const changes: Transition[] = [];
  let regularAt = phase;
  let nextAt: number | undefined;
  for (;;) {
    const at = Math.min(regularAt, nextAt ?? regularAt);
    if (at >= endOf(intervals)) return { changes, state };
    const step = debounce(state, { kind: 'sample', pressed: levelIn(intervals, at), at }, debounceMs);
    state = step.state;
    nextAt = step.nextAt;
    changes.push(...step.transitions.filter((transition) => !transition.initial));
    if (at === regularAt) regularAt += sampleMs;
  }
}

const pressesOf = (changes: readonly Transition[]) => changes.filter(({ pressed }) => pressed);

const spike = fc.integer({ min: 1, max: 30 });
/** Longer than the debounce time and one sample. */
const long = fc.integer({ min: 36, max: 2000 });
const quiet = fc.integer({ min: 200, max: 2000 });

describe('a driver with edges', () => {
  const anyTrain = fc
    .tuple(quiet, fc.array(fc.oneof(spike, long), { maxLength: 40 }))
    .map(([first, rest]) => train([first, ...rest]));

  test('any train of edges gives what its lasting levels say, whenever the timers come', () => {
    fc.assert(
      fc.property(
        anyTrain,
        fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 8 }),
        (intervals, lateness) => {
          const { changes } = byEdges(intervals, lateness);
          expect(changes.map(({ pressed, since }) => ({ pressed, since }))).toEqual(oracle(intervals));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('a train of nothing but spikes is never a press', () => {
    fc.assert(
      fc.property(quiet, fc.array(spike, { maxLength: 60 }), (first, spikes) => {
        expect(byEdges(train([first, ...spikes])).changes).toEqual([]);
      }),
    );
  });

  test('each level counts when it has held for the debounce time, and a release tells how long it was held', () => {
    fc.assert(
      fc.property(anyTrain, (intervals) => {
        let pressedSince = 0;
        for (const { pressed, since, at, heldMs } of byEdges(intervals).changes) {
          expect(at).toBe(since + debounceMs);
          if (pressed) pressedSince = since;
          expect(heldMs).toBe(pressed ? undefined : since - pressedSince);
        }
      }),
    );
  });
});

describe('a driver that samples', () => {
  const phase = fc.integer({ min: 0, max: 8 * (sampleMs - 1) }).map((eighths) => eighths / 8);

  test('a lone spike shorter than the debounce time is never a press', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(quiet, spike)), phase, (pairs, phase) => {
        expect(bySamples(train([...pairs.flat(), 500]), phase).changes).toEqual([]);
      }),
    );
  });

  test('every press longer than the debounce time and one sample is exactly one press', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(quiet, long)), phase, (pairs, phase) => {
        const { changes } = bySamples(train([...pairs.flat(), 500]), phase);
        expect(pressesOf(changes)).toHaveLength(pairs.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('with bounces at every edge it agrees with edges: as many presses, each within a sample and the bouncing', () => {
    const bouncing = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }).map((steps) =>
      // An even number of short levels, so that the one after them is the other level.
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
      { numRuns: 1000 },
    );
  });
});

describe('a press begins at a press', () => {
  test('a button found held is no press until it has been released and pressed again', () => {
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

describe('what a driver may get wrong', () => {
  test('a spike whose second edge waits in the queue while the timer comes late is not a press', () => {
    // The driver hands out the falling edge before it answers the read that the late timer makes.
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'edge', pressed: true, at: 100 },
      { kind: 'edge', pressed: false, at: 110 },
      { kind: 'sample', pressed: false, at: 180 },
    ]);
    expect(changes).toEqual([]);
  });

  test('two rising edges with the falling one lost do not prove that the level held in between', () => {
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'edge', pressed: true, at: 100 },
      { kind: 'edge', pressed: true, at: 200 },
      { kind: 'edge', pressed: false, at: 210 },
      { kind: 'sample', pressed: false, at: 300 },
    ]);
    expect(changes).toEqual([]);
  });

  test('a read that finds another level than the last edge starts the settling anew', () => {
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'sample', pressed: false, at: 100 },
      { kind: 'sample', pressed: true, at: 500 },
      { kind: 'sample', pressed: true, at: 540 },
    ]);
    expect(changes.map(({ since }) => since)).toEqual([500]);
  });

  test('an edge stamped before the last read does not let a level have held since then', () => {
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

describe('edges that were lost', () => {
  test('leave nothing known of the time before the next one: what seems to have held is no press', () => {
    const { changes } = run([
      { kind: 'sample', pressed: false, at: 0 },
      { kind: 'edge', pressed: true, at: 100 },
      { kind: 'gap', pressed: false, at: 200 },
      { kind: 'sample', pressed: false, at: 300 },
    ]);
    expect(changes).toEqual([]);
  });

  test('let a level settle from the next one on', () => {
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
    0,
  );
  expect(changes.map(({ pressed, at }) => ({ pressed, at }))).toEqual([
    { pressed: true, at: 10 },
    { pressed: false, at: 11 },
  ]);
});
