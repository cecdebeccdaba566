import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Transition } from '../../gpio-agent/debounce.ts';
import {
  followGestures,
  noGesture,
  type FiredGesture,
  type GestureOptions,
  type GestureState,
} from '../../gpio-agent/gestures.ts';
import { gestures, type Gesture } from '../../messages/gesture.ts';

interface PressInterval {
  readonly from: number;
  readonly to: number;
}

function options(change: Partial<GestureOptions> = {}): GestureOptions {
  return { gestures: ['press'], holdMs: 1000, doubleMs: 400, stuckAfterMs: 30_000, ...change };
}

function edgesOf(presses: readonly PressInterval[]): readonly Transition[] {
  return presses.flatMap(({ from, to }) => [
    { pressed: true, since: from, at: from, initial: false },
    { pressed: false, since: to, at: to, initial: false, heldMs: to - from },
  ]);
}

/** Processes the edges, also asks at the given other moments, and asks at the end when everything is over. */
function follow(
  edges: readonly Transition[],
  gestureOptions: GestureOptions,
  otherMoments: readonly number[] = [],
) {
  const events = [
    ...edges.map((edge) => ({ at: edge.at, edge })),
    ...[...otherMoments, 10_000_000].map((at) => ({ at, edge: undefined })),
  ].sort((one, other) => one.at - other.at);
  let state: GestureState = noGesture;
  const fired: (FiredGesture & { readonly foundAt: number })[] = [];
  const phases: string[] = [];
  for (const { at, edge } of events) {
    const step = followGestures(state, edge, at, gestureOptions);
    state = step.state;
    phases.push(state.phase);
    fired.push(...step.fired.map((gesture) => ({ ...gesture, foundAt: at })));
  }
  return { fired: fired.map(({ gesture, at }) => ({ gesture, at })), found: fired, phases };
}

/** The same result, from whole presses. */
function oracle(presses: readonly PressInterval[], { gestures, holdMs, doubleMs }: GestureOptions) {
  const expected: { gesture: Gesture; at: number }[] = [];
  const [hold, double] = [gestures.includes('hold'), gestures.includes('double')];
  for (let index = 0; index < presses.length; index += 1) {
    const { from, to } = presses[index] ?? { from: 0, to: 0 };
    const second = presses[index + 1];
    if (hold && to - from >= holdMs) expected.push({ gesture: 'hold', at: from + holdMs });
    else if (double && second !== undefined && second.from < from + doubleMs) {
      expected.push({ gesture: 'double', at: second.from });
      index += 1;
    } else if (double && hold) expected.push({ gesture: 'press', at: Math.max(to, from + doubleMs) });
    else if (double) expected.push({ gesture: 'press', at: from + doubleMs });
    else expected.push({ gesture: 'press', at: hold ? to : from });
  }
  return expected.filter(({ gesture }) => gestures.includes(gesture));
}

const presses = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 2500 })), { maxLength: 20 })
  .map((pairs) => {
    let at = 1000;
    return pairs.map(([gap, duration]) => {
      const from = at + gap;
      at = from + duration;
      return { from, to: at };
    });
  });
const gestureSet = fc.subarray([...gestures], { minLength: 1 });

describe('the gestures of random presses', () => {
  test('follow from durations and distances, for every set of gestures', () => {
    fc.assert(
      fc.property(presses, gestureSet, (presses, set) => {
        const given = options({ gestures: set });
        expect(follow(edgesOf(presses), given).fired).toEqual(oracle(presses, given));
      }),
      { numRuns: 2000 },
    );
  });

  test('are the same however often the state is queried in between', () => {
    fc.assert(
      fc.property(
        presses,
        gestureSet,
        fc.array(fc.integer({ min: 0, max: 60_000 })),
        (presses, set, asked) => {
          const given = options({ gestures: set });
          const edges = edgesOf(presses);
          expect(follow(edges, given, asked).fired).toEqual(follow(edges, given).fired);
        },
      ),
    );
  });

  test('are exactly one gesture for each press at its edge, without hold and double', () => {
    fc.assert(
      fc.property(presses, (presses) => {
        const { found } = follow(edgesOf(presses), options());
        expect(found.map(({ foundAt }) => foundAt)).toEqual(presses.map(({ from }) => from));
      }),
    );
  });
});

describe('when a gesture is sent', () => {
  test('a hold is sent while the button is still held', () => {
    const step = followGestures(
      { phase: 'undecided', pressedAt: 0 },
      undefined,
      1000,
      options({ gestures: ['press', 'hold'] }),
    );
    expect(step.fired).toEqual([{ gesture: 'hold', at: 1000, heldMs: 1000 }]);
  });

  test('a short press of a button with hold says how long it was held', () => {
    const { found } = follow(edgesOf([{ from: 0, to: 180 }]), options({ gestures: ['press', 'hold'] }));
    expect(found).toEqual([{ gesture: 'press', at: 180, heldMs: 180, foundAt: 180 }]);
  });

  test('nextAt is the moment at which a waiting press is decided', () => {
    const given = options({ gestures: ['press', 'double'] });
    const [press, release] = edgesOf([{ from: 100, to: 200 }]);
    const pressed = followGestures(noGesture, press, 100, given);
    const released = followGestures(pressed.state, release, 200, given);
    expect(released.nextAt).toBe(500);
    expect(followGestures(released.state, undefined, 499, given).fired).toEqual([]);
    expect(followGestures(released.state, undefined, 500, given).fired).toHaveLength(1);
  });
});

describe('a button that is held too long', () => {
  test('is stuck after stuckAfterMs, gives no gesture until it is released, and then works again', () => {
    const given = options({ gestures: ['press', 'hold'], holdMs: 60_000, stuckAfterMs: 30_000 });
    const edges = edgesOf([
      { from: 0, to: 90_000 },
      { from: 91_000, to: 91_200 },
    ]);
    const { fired, phases } = follow(edges, given, [29_999, 30_000, 89_000]);
    expect(phases.slice(0, 5)).toEqual(['undecided', 'undecided', 'stuck', 'stuck', 'released']);
    expect(fired).toEqual([{ gesture: 'press', at: 91_200 }]);
  });

  test('is stuck even if it was held at the start', () => {
    const found: Transition = { pressed: true, since: 0, at: 30, initial: true };
    const { fired, phases } = follow([found], options(), [31, 40_000]);
    expect(phases.slice(0, 3)).toEqual(['decided', 'decided', 'stuck']);
    expect(fired).toEqual([]);
  });
});

test('a button that was held at the start gives no gesture at its release, whatever its gestures', () => {
  fc.assert(
    fc.property(gestureSet, fc.integer({ min: 31, max: 5000 }), (set, releasedAt) => {
      const edges: readonly Transition[] = [
        { pressed: true, since: 0, at: 30, initial: true },
        { pressed: false, since: releasedAt, at: releasedAt, initial: false, heldMs: releasedAt },
      ];
      expect(follow(edges, options({ gestures: set })).fired).toEqual([]);
    }),
  );
});
