import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { debounce, unsettled, type DebounceState, type Transition } from '../../gpio-agent/debounce.ts';
import { intervalsOf, judge, verdictOf, type JudgeOptions, type Received, type Write } from './oracle.ts';

const rules = { debounceMs: 30, releaseDebounceMs: 30, toleranceMs: 2 };
const options: JudgeOptions = { ...rules, goesOutAt: 'press', lagMs: 500, heldToleranceMs: 1 };

/** Writes that alternate the level, with its durations in ms. The first level is released, and a write takes no time. */
function writes(...durations: readonly number[]): readonly Write[] {
  let at = 0;
  return durations.map((duration, index) => {
    const write = { pressed: index % 2 === 1, before: at, after: at };
    at += duration;
    return write;
  });
}

const endOf = (allWrites: readonly Write[], last = 1000) => (allWrites.at(-1)?.after ?? 0) + last;
const intervals = (...durations: readonly number[]) =>
  intervalsOf(writes(...durations), endOf(writes(...durations)));

/** Presses that were received at these moments. */
const at = (...moments: readonly number[]): readonly Received[] => moments.map((moment) => ({ at: moment }));

const outcome = (
  durations: readonly number[],
  received: readonly Received[],
  changed: Partial<JudgeOptions> = {},
) => {
  const { seen, missed, phantoms } = judge(intervals(...durations), received, { ...options, ...changed });
  return { seen: seen.map(({ interval }) => interval), missed, phantoms };
};

describe('a level', () => {
  const between = (began: readonly [number, number], ended: readonly [number, number]) =>
    intervalsOf(
      [
        { pressed: true, before: began[0], after: began[1] },
        { pressed: false, before: ended[0], after: ended[1] },
      ],
      ended[1] + 100,
    )[0];

  test.each([
    ['counts when even the shortest it may have been is long enough', [0, 5], [40, 41], 'counts'],
    ['never does when even the longest it may have been is too short', [0, 5], [20, 29], 'never'],
    ['is open when a pause in a write makes it so', [0, 5], [20, 45], 'unsure'],
    ['is open when it is too near to the debounce time', [0, 0], [31, 31], 'unsure'],
  ] as const)('%s', (_, began, ended, verdict) => {
    const interval = between(began, ended);
    expect(interval && verdictOf(interval, rules)).toBe(verdict);
  });
});

describe('the presses that must result from levels', () => {
  test('include a press once, after it has settled', () => {
    expect(outcome([100, 80, 100], at(135))).toEqual({ seen: [1], missed: [], phantoms: [] });
  });

  test('and were not received are missed', () => {
    expect(outcome([100, 80, 100, 80, 100], at(135))).toEqual({ seen: [1], missed: [3], phantoms: [] });
  });

  test('are one for each press, and a second one is a phantom', () => {
    expect(outcome([100, 80, 100], at(135, 137)).phantoms).toHaveLength(1);
  });

  test('are none for a spike, and a press that was received for it is a phantom', () => {
    expect(outcome([100, 20, 100], [])).toEqual({ seen: [], missed: [], phantoms: [] });
    expect(outcome([100, 20, 100], at(135))).toEqual({ seen: [], missed: [], phantoms: [0] });
  });

  test('are not received before they can have settled', () => {
    expect(outcome([100, 80, 100], at(120))).toEqual({ seen: [], missed: [1], phantoms: [0] });
  });

  test('are noticed if a spike was mistaken for the press after it', () => {
    expect(outcome([100, 20, 100, 80, 500], at(135))).toEqual({ seen: [], missed: [3], phantoms: [0] });
  });

  test('begin with the level that stays, and bounces belong to the press', () => {
    expect(outcome([100, 1, 2, 3, 1, 80, 2, 1, 100], at(140))).toEqual({
      seen: [5],
      missed: [],
      phantoms: [],
    });
  });

  test('are not two because of a dropout', () => {
    expect(outcome([100, 50, 10, 50, 100], at(135))).toEqual({ seen: [1], missed: [], phantoms: [] });
    expect(outcome([100, 50, 10, 50, 100], at(135, 195)).phantoms).toHaveLength(1);
  });

  test('may or may not include a level that lasted about the debounce time', () => {
    for (const received of [at(), at(135)])
      expect(outcome([100, 31, 100], received)).toMatchObject({ missed: [], phantoms: [] });
    // A release in the middle: one press or two.
    for (const received of [at(135), at(135, 216)])
      expect(outcome([100, 50, 31, 50, 100], received)).toMatchObject({ missed: [], phantoms: [] });
    // An uncertain level before a press: it counts in one place or the other, but it counts.
    expect(outcome([100, 31, 10, 50, 100], at())).toMatchObject({ phantoms: [] });
    expect(outcome([100, 31, 10, 50, 100], at()).missed).toHaveLength(1);
  });

  test('are received after the release if they are sent at it, with the right duration', () => {
    const released = { goesOutAt: 'release' } as const;
    expect(outcome([100, 80, 100], [{ at: 215, heldMs: 80 }], released).seen).toEqual([1]);
    expect(outcome([100, 80, 100], at(135), released).missed).toEqual([1]);
    expect(outcome([100, 80, 100], [{ at: 215, heldMs: 70 }], released)).toEqual({
      seen: [],
      missed: [1],
      phantoms: [0],
    });
  });
});

describe('a release with its own debounce time', () => {
  const slow = { releaseDebounceMs: 100 };

  test('does not separate two presses if it is shorter', () => {
    expect(outcome([200, 80, 90, 80, 200], at(235), slow)).toEqual({ seen: [1], missed: [], phantoms: [] });
    expect(outcome([200, 80, 110, 80, 200], at(235), slow)).toMatchObject({ missed: [3] });
  });

  test('delays a press that is sent at its release', () => {
    const late = { ...slow, goesOutAt: 'release' } as const;
    expect(outcome([200, 80, 200], [{ at: 385, heldMs: 80 }], late).seen).toEqual([1]);
    expect(outcome([200, 80, 200], [{ at: 330, heldMs: 80 }], late).missed).toEqual([1]);
  });
});

test('may or may not join two levels with a spike between them', () => {
  for (const received of [at(), at(131)])
    expect(outcome([100, 20, 2, 20, 200], received)).toMatchObject({ missed: [], phantoms: [] });
  expect(outcome([100, 20, 4, 20, 200], at(131)).phantoms).toHaveLength(1);
  // Held long, so it is received once: from its first contact, or from the contact after the spike.
  for (const moment of [131, 153])
    expect(outcome([100, 20, 2, 80, 200], at(moment))).toEqual({ seen: [3], missed: [], phantoms: [] });
});

describe('a storm', () => {
  test('of short levels does not join the two levels around it', () => {
    // 6 ms from the first to the last short level, although no level between them lasted 3 ms.
    expect(outcome([100, 20, 2, 2, 2, 20, 200], at(131))).toEqual({ seen: [], missed: [], phantoms: [0] });
    // The same storm, with a level of more than 3 ms in it.
    expect(outcome([100, 20, 2, 4, 2, 20, 200], at(131))).toEqual({ seen: [5], missed: [], phantoms: [] });
  });

  const short = Array.from({ length: 40_000 }, () => 0.01);

  test('does not count: a press that is received for it is a phantom, and the press after it counts', () => {
    const storm = [100, ...short, 0.01, 200, 80, 200];
    expect(outcome(storm, at(735))).toEqual({ seen: [storm.length - 2], missed: [], phantoms: [] });
    expect(outcome(storm, at(300, 735)).phantoms).toEqual([0]);
    expect(outcome(storm, at()).missed).toEqual([storm.length - 2]);
  });

  test('around a level that nearly counted may have made it count', () => {
    const storm = [100, 29, ...short, 200];
    for (const received of [at(), at(135)])
      expect(outcome(storm, received)).toMatchObject({ missed: [], phantoms: [] });
    expect(outcome(storm, at(135, 136)).phantoms).toHaveLength(1);
  });
});

describe('compared with the debouncer of the agent', () => {
  const duration = fc.oneof(
    fc.integer({ min: 1, max: 290 }).map((tenths) => tenths / 10),
    fc.integer({ min: 1, max: 35 }).map((tenths) => tenths / 10),
    fc.integer({ min: 25, max: 37 }),
    fc.integer({ min: 40, max: 300 }),
  );
  /** The duration of each level, and for each write how long before and after the edge the clock was read. */
  const train = fc.tuple(
    fc.array(duration, { minLength: 1, maxLength: 60 }),
    fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 })), { minLength: 1 }),
  );

  const trainOf = (durations: readonly number[], slack: readonly (readonly [number, number])[]) => {
    const exact = writes(200, ...durations);
    const measured = exact.map(({ pressed, before: edge }, index) => {
      const [early, late] = slack[index % slack.length] ?? [0, 0];
      const previous = exact[index - 1]?.before ?? edge;
      const next = exact[index + 1]?.before ?? edge;
      // Two writes do not overlap.
      return {
        pressed,
        before: edge - Math.min(early, (edge - previous) / 2),
        after: edge + Math.min(late, (next - edge) / 2),
      };
    });
    return { exact, measured };
  };

  /** What the debouncer of the agent makes of the exact edges: when each press and each release has settled. */
  const settled = (exact: readonly Write[]): readonly Transition[] => {
    let state: DebounceState = unsettled;
    const transitions: Transition[] = [];
    const last = endOf(exact);
    const events = [
      ...exact.map(({ pressed, before }, index) => ({
        kind: index === 0 ? ('sample' as const) : ('edge' as const),
        pressed,
        at: before,
      })),
      { kind: 'sample' as const, pressed: exact.at(-1)?.pressed ?? false, at: last },
    ];
    for (const event of events) {
      const step = debounce(state, event, { pressMs: rules.debounceMs, releaseMs: rules.debounceMs });
      state = step.state;
      transitions.push(...step.transitions.filter(({ initial }) => !initial));
    }
    return transitions;
  };

  const pressesOf = (exact: readonly Write[]) =>
    settled(exact)
      .filter(({ pressed }) => pressed)
      .map((transition) => ({ at: transition.at + 5 }));

  test('presses are neither missed nor phantoms, whenever the clock was read', () => {
    fc.assert(
      fc.property(train, ([durations, slack]) => {
        const { exact, measured } = trainOf(durations, slack);
        const judged = judge(intervalsOf(measured, endOf(exact)), pressesOf(exact), options);
        expect(judged).toMatchObject({ missed: [], phantoms: [] });
      }),
      { numRuns: 500 },
    );
  });

  test('presses at releases are neither missed nor phantoms', () => {
    fc.assert(
      fc.property(train, ([durations, slack]) => {
        const { exact, measured } = trainOf(durations, slack);
        const received = settled(exact)
          .filter(({ pressed }) => !pressed)
          .map(({ at, heldMs }) => ({ at: at + 5, ...(heldMs === undefined ? {} : { heldMs }) }));
        const judged = judge(intervalsOf(measured, endOf(exact)), received, {
          ...options,
          goesOutAt: 'release',
        });
        expect(judged).toMatchObject({ missed: [], phantoms: [] });
      }),
      { numRuns: 500 },
    );
  });

  test('a press that is left out is missed, and one that is invented is a phantom', () => {
    const clear = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 40, max: 200 }),
        fc.integer({ min: 40, max: 300 }),
      ),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(clear, fc.nat(), (parts, choice) => {
        const exact = writes(200, ...parts.flatMap(([spike, held, gap]) => [spike, 100, held, gap]), 200);
        const presses = pressesOf(exact);
        const leftOut = choice % presses.length;
        const withoutOne = presses.filter((_, index) => index !== leftOut);
        const strict = { ...options, lagMs: 20 };
        const spans = intervalsOf(exact, endOf(exact));
        expect(judge(spans, withoutOne, strict)).toMatchObject({
          phantoms: [],
          missed: [expect.any(Number)],
        });
        const spikeAt = exact[1 + 4 * leftOut]?.before ?? 0;
        const withPhantom = [...presses, { at: spikeAt + 40 }].toSorted((one, other) => one.at - other.at);
        expect(judge(spans, withPhantom, strict)).toMatchObject({
          missed: [],
          phantoms: [expect.any(Number)],
        });
      }),
      { numRuns: 300 },
    );
  });
});
