import { describe, expect, it } from 'vitest';
import { createPressMemory } from '../../../release-worker/presses/memory.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const day = 86_400_000;

function memory(former: { ids?: [string, number][]; accepted?: [string, number][] } = {}) {
  const clock = createFakeClock();
  const made = createPressMemory({
    clock,
    pressIds: former.ids ?? [],
    acceptedAt: new Map(former.accepted ?? []),
  });
  return { clock, ...made };
}

describe('an id', () => {
  it('is known for 24 hours, whatever the wall clock does', () => {
    const { clock, note, seen } = memory();
    note('a');
    clock.jump(-5 * day);
    clock.advance(day - 1);
    clock.jump(20 * day);
    expect([seen('a'), seen('b')]).toEqual([true, false]);
    clock.advance(1);
    expect(seen('a')).toBe(false);
  });

  it('is known among the last 10,000', () => {
    const { note, seen } = memory();
    for (let index = 0; index <= 10_000; index += 1) note(`id-${index}`);
    expect([seen('id-0'), seen('id-1'), seen('id-10000')]).toEqual([false, true, true]);
  });

  it('counts from when it came last', () => {
    const { clock, note, seen } = memory();
    note('a');
    clock.advance(day - 1);
    note('a');
    clock.advance(day - 1);
    expect(seen('a')).toBe(true);
  });

  it('of a former run is known for the rest of its day', () => {
    const start = createFakeClock().now();
    const { clock, seen } = memory({
      ids: [
        ['a', start - day + 1_000],
        ['b', start - day - 1],
        ['ahead', start + day],
      ],
    });
    expect([seen('a'), seen('b'), seen('ahead')]).toEqual([true, false, true]);
    clock.advance(1_000);
    expect(seen('a')).toBe(false);
  });
});

describe('the last accepted press', () => {
  it('is counted to when the other one arrived, and for each button', () => {
    const { clock, accepted, sinceAccepted } = memory();
    clock.advance(5_000);
    accepted('main');
    expect(sinceAccepted('main', clock.monotonic() - 300)).toBe(0);
    clock.advance(700);
    expect(sinceAccepted('main', clock.monotonic())).toBe(700);
    expect(sinceAccepted('other', clock.monotonic())).toBeUndefined();
  });

  it('of a former run counts, and one in the future as just now', () => {
    const start = createFakeClock().now();
    const { clock, sinceAccepted } = memory({
      accepted: [
        ['main', start - 500],
        ['ahead', start + 60_000],
      ],
    });
    expect(sinceAccepted('main', clock.monotonic())).toBe(500);
    expect(sinceAccepted('ahead', clock.monotonic())).toBe(0);
  });
});

it('counts the presses of the last minute', () => {
  const { clock, looked, recent } = memory();
  looked();
  clock.advance(30_000);
  looked();
  expect(recent()).toBe(2);
  clock.advance(29_999);
  expect(recent()).toBe(2);
  clock.advance(1);
  expect(recent()).toBe(1);
  clock.advance(30_000);
  expect(recent()).toBe(0);
});
