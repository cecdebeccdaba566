// The freeze state as plain data.
import { describe, expect, it } from 'vitest';
import { toLocalTime } from '../../../messages/time.ts';
import { fromMessage, frozenOf, toMessage } from '../../../release-worker/freeze/message.ts';
import { firstEndIn, restored, withTrueEnd, type Moment } from '../../../release-worker/freeze/ends.ts';
import {
  afterRequest,
  holdingBack,
  nothingFrozen,
  stillFrozen,
  type FreezeState,
} from '../../../release-worker/freeze/state.ts';
import { inWordsOf } from '../../../release-worker/freeze/words.ts';

const now = Date.parse('2026-01-01T12:00:00.000Z');
const at = '2026-01-01T12:00:00.000Z';
const moment = { now, monotonic: 5_000 };
const hourMs = 3_600_000;
/** How much later it is on each of the two clocks. */
const after = (wallMs: number, monotonicMs = wallMs) => ({
  now: now + wallMs,
  monotonic: moment.monotonic + monotonicMs,
});
const later = '2026-01-01T14:00:00Z';

const requested = (...requests: Parameters<typeof afterRequest>[1][]): FreezeState =>
  requests.reduce<FreezeState>((state, request) => afterRequest(state, request, moment), nothingFrozen);
/** The freeze that stops the button for the longest time. */
const freezeOf = (state: FreezeState, button: string, at: Moment) =>
  holdingBack(state, button, at).map(frozenOf)[0];
const readAgain = (state: FreezeState, at: Moment): FreezeState => {
  const { causes, ...rest } = fromMessage(toMessage(state));
  return { ...rest, causes: causes.map((cause) => restored(cause, at)) };
};
const firstOf = ({ causes: [first] }: FreezeState) => {
  if (first === undefined) throw new Error('nothing is frozen');
  return first;
};

describe('a freeze', () => {
  it('of all buttons applies to every button, with person and reason', () => {
    const state = requested({ frozen: true, reason: 'holiday', by: 'ops', until: later });
    expect(freezeOf(state, 'main', moment)).toEqual({
      source: 'person',
      reason: 'holiday',
      by: 'ops',
      until: later,
      at,
    });
    expect(freezeOf(state, 'other', moment)).toEqual(freezeOf(state, 'main', moment));
  });

  it('of one button applies to that one', () => {
    const state = requested({ frozen: true, button: 'main', reason: 'rolled back' });
    expect(freezeOf(state, 'main', moment)).toEqual({ source: 'person', reason: 'rolled back', at });
    expect(freezeOf(state, 'other', moment)).toBeUndefined();
  });

  it('of one button is lifted alone, while all buttons stay frozen', () => {
    const both = requested({ frozen: true, reason: 'all' }, { frozen: true, button: 'main', reason: 'one' });
    const state = afterRequest(both, { frozen: false, button: 'main' }, moment);
    expect(freezeOf(state, 'main', moment)?.reason).toBe('all');
  });

  it('ends with `off`, also for single buttons', () => {
    const state = requested({ frozen: true }, { frozen: true, button: 'main' }, { frozen: false });
    expect(state).toEqual(nothingFrozen);
  });

  it('ends by itself', () => {
    const state = requested(
      { frozen: true, until: later },
      { frozen: true, button: 'main', until: '2026-01-01T13:00:00Z' },
    );
    expect(firstEndIn(state.causes, moment)).toBe(hourMs);
    const half = stillFrozen(state, after(hourMs));
    expect(half.causes).toHaveLength(1);
    expect(firstEndIn(half.causes, after(hourMs))).toBe(hourMs);
    expect(firstEndIn(requested({ frozen: true }, { frozen: true, button: 'main' }).causes, moment)).toBe(
      Infinity,
    );
    expect(freezeOf(state, 'main', after(2 * hourMs))).toBeUndefined();
  });

  it('stays the same when it is converted to a message and back', () => {
    const state = requested({ frozen: true, reason: 'all' }, { frozen: true, button: 'main', until: later });
    expect(fromMessage(toMessage(state))).toEqual(state);
    expect(fromMessage(toMessage(nothingFrozen))).toEqual(nothingFrozen);
  });
});

describe('a freeze for a duration', () => {
  const state = requested({ frozen: true, forSeconds: 7_200 });
  const isFrozen = (at: { now: number; monotonic: number }, of = state) =>
    freezeOf(of, 'main', at) !== undefined;

  it('ends when both clocks agree: the earlier end does not count', () => {
    expect(freezeOf(state, 'main', moment)).toEqual({
      source: 'person',
      at,
      until: '2026-01-01T14:00:00.000Z',
      forSeconds: 7_200,
    });
    expect(isFrozen(after(2 * hourMs - 1))).toBe(true);
    expect(isFrozen(after(2 * hourMs))).toBe(false);
    // The wall clock set forward, and set back.
    expect(isFrozen(after(1_000 * hourMs, 2 * hourMs - 1))).toBe(true);
    expect(isFrozen(after(1_000 * hourMs, 2 * hourMs))).toBe(false);
    expect(isFrozen(after(2 * hourMs - 1, 1_000 * hourMs))).toBe(true);
    expect(firstEndIn(state.causes, after(1_000 * hourMs, hourMs))).toBe(hourMs);
  });

  it('has a corrected end after the clock was set forward', () => {
    const held = firstOf(state);
    const moved = withTrueEnd(held, after(1_000 * hourMs, hourMs));
    expect(moved.until).toBe(new Date(now + 1_001 * hourMs).toISOString());
    expect(withTrueEnd(held, after(hourMs))).toBe(held);
    expect(withTrueEnd(held, after(hourMs + 4_000, hourMs))).toBe(held);
    expect(withTrueEnd(held, after(-hourMs, hourMs))).toBe(held);
  });

  it('continues after a restart for the rest of its time', () => {
    const read = (at: { now: number; monotonic: number }) => readAgain(state, at);
    const half = { now: now + hourMs, monotonic: 0 };
    expect(isFrozen({ now: now + hourMs, monotonic: hourMs - 1 }, read(half))).toBe(true);
    expect(isFrozen({ now: now + 1_000 * hourMs, monotonic: hourMs - 1 }, read(half))).toBe(true);
    expect(isFrozen({ now: now + 2 * hourMs, monotonic: hourMs }, read(half))).toBe(false);
    expect(
      isFrozen({ now: now + 3 * hourMs, monotonic: 0 }, read({ now: now + 3 * hourMs, monotonic: 0 })),
    ).toBe(false);
    // The clock is not set yet: the freeze lasts at most its whole duration on the monotonic clock.
    const unset = { now: 20_000, monotonic: 0 };
    expect(isFrozen({ now: now + 3 * hourMs, monotonic: 2 * hourMs - 1 }, read(unset))).toBe(true);
    expect(isFrozen({ now: now + 3 * hourMs, monotonic: 2 * hourMs }, read(unset))).toBe(false);
  });

  it('begins again after a restart if it began before the clock was set', () => {
    const early = afterRequest(
      nothingFrozen,
      { frozen: true, forSeconds: 7_200 },
      { now: 20_000, monotonic: 1_000 },
    );
    const read = readAgain(early, { now, monotonic: 0 });
    expect(firstOf(read).until).toBe('2026-01-01T14:00:00.000Z');
    expect(isFrozen({ now: now + 2 * hourMs - 1, monotonic: 2 * hourMs - 1 }, read)).toBe(true);
    expect(isFrozen({ now: now + 2 * hourMs, monotonic: 2 * hourMs }, read)).toBe(false);
  });
});

it.each([
  [{ at }, 'frozen'],
  [{ at, reason: 'holiday' }, 'frozen: holiday'],
  [
    { at, reason: 'holiday', by: 'ops', until: later },
    `frozen: holiday, by ops, until ${toLocalTime(Date.parse(later))}`,
  ],
  [
    { at, until: '2026-01-01T14:00:07.900Z' },
    `frozen, until ${toLocalTime(Date.parse(later)).replace(':00 ', ':00:07 ')}`,
  ],
])('is said as %j', (frozen, words) => {
  expect(inWordsOf([frozen])).toBe(words);
});
