// What is frozen, as plain data.
import { describe, expect, it } from 'vitest';
import { fromMessage, toMessage } from '../../../release-worker/freeze/message.ts';
import type { FreezeState } from '../../../release-worker/freeze/state.ts';
import {
  afterRequest,
  firstEndOf,
  freezeOf,
  inWordsOf,
  nothingFrozen,
  stillFrozen,
} from '../../../release-worker/freeze/state.ts';

const now = Date.parse('2026-01-01T12:00:00.000Z');
const at = '2026-01-01T12:00:00.000Z';
const later = '2026-01-01T14:00:00Z';

const after = (...requests: Parameters<typeof afterRequest>[1][]): FreezeState =>
  requests.reduce<FreezeState>((state, request) => afterRequest(state, request, now), nothingFrozen);

describe('a freeze', () => {
  it('of everything holds for every button, with who and why', () => {
    const state = after({ frozen: true, reason: 'holiday', by: 'ops', until: later });
    expect(freezeOf(state, 'main', now)).toEqual({ reason: 'holiday', by: 'ops', until: later, at });
    expect(freezeOf(state, 'other', now)).toEqual(freezeOf(state, 'main', now));
  });

  it('of one button holds for that one', () => {
    const state = after({ frozen: true, button: 'main', reason: 'rolled back' });
    expect(freezeOf(state, 'main', now)).toEqual({ reason: 'rolled back', at });
    expect(freezeOf(state, 'other', now)).toBeUndefined();
  });

  it('of one button is lifted alone, and stays under the freeze of everything', () => {
    const both = after({ frozen: true, reason: 'all' }, { frozen: true, button: 'main', reason: 'one' });
    const state = afterRequest(both, { frozen: false, button: 'main' }, now);
    expect(freezeOf(state, 'main', now)?.reason).toBe('all');
  });

  it('is over with `off`, that of single buttons too', () => {
    const state = after({ frozen: true }, { frozen: true, button: 'main' }, { frozen: false });
    expect(state).toEqual(nothingFrozen);
  });

  it('ends by itself', () => {
    const state = after(
      { frozen: true, until: later },
      { frozen: true, button: 'main', until: '2026-01-01T13:00:00Z' },
    );
    expect(firstEndOf(state)).toBe(Date.parse('2026-01-01T13:00:00Z'));
    const half = stillFrozen(state, Date.parse('2026-01-01T13:00:00Z'));
    expect(half.buttons.size).toBe(0);
    expect(firstEndOf(half)).toBe(Date.parse(later));
    expect(firstEndOf(after({ frozen: true }, { frozen: true, button: 'main' }))).toBe(Infinity);
    expect(freezeOf(state, 'main', Date.parse(later))).toBeUndefined();
  });

  it('is the same after a way through its message', () => {
    const state = after({ frozen: true, reason: 'all' }, { frozen: true, button: 'main', until: later });
    expect(fromMessage(toMessage(state))).toEqual(state);
    expect(fromMessage(toMessage(nothingFrozen))).toEqual(nothingFrozen);
  });
});

it.each([
  [{ at }, 'frozen'],
  [{ at, reason: 'holiday' }, 'frozen: holiday'],
  [{ at, reason: 'holiday', by: 'ops', until: later }, `frozen: holiday, by ops, until ${later}`],
])('is said as %j', (frozen, words) => {
  expect(inWordsOf(frozen)).toBe(words);
});
