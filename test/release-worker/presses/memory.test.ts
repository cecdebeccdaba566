import { describe, expect, it } from 'vitest';
import { createPressMemory } from '../../../release-worker/presses/memory.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const day = 86_400_000;

function memory(
  former: { ids?: [string, number][]; accepted?: [button: string, key: string, at: number][] } = {},
) {
  const clock = createFakeClock();
  const made = createPressMemory({
    clock,
    pressIds: former.ids ?? [],
    acceptedAt: new Map(former.accepted?.map(([button, key, at]) => [button, new Map([[key, at]])])),
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

  it('of a former run that had no clock yet is known for a day', () => {
    const { clock, seen, sinceAccepted } = memory({
      ids: [['early', 20_000]],
      accepted: [['main', 'argocd/shop', 20_000]],
    });
    expect(sinceAccepted('main', ['argocd/shop'], clock.monotonic())).toBe(0);
    clock.advance(day - 1);
    expect(seen('early')).toBe(true);
    clock.advance(1);
    expect(seen('early')).toBe(false);
  });
});

describe('the last accepted press', () => {
  it('is counted to when the other one arrived, and for each button', () => {
    const { clock, accepted, sinceAccepted } = memory();
    clock.advance(5_000);
    accepted('main', undefined);
    expect(sinceAccepted('main', undefined, clock.monotonic() - 300)).toBe(0);
    clock.advance(700);
    expect(sinceAccepted('main', undefined, clock.monotonic())).toBe(700);
    expect(sinceAccepted('main', ['argocd/a'], clock.monotonic())).toBe(700);
    expect(sinceAccepted('other', undefined, clock.monotonic())).toBeUndefined();
  });

  it('of some applications counts for presses that select any of them', () => {
    const { clock, accepted, sinceAccepted } = memory();
    const since = (only?: string[]) => sinceAccepted('main', only, clock.monotonic());
    accepted('main', ['argocd/a', 'argocd/b']);
    clock.advance(100);
    accepted('main', ['argocd/c']);
    clock.advance(100);
    expect(since(['argocd/d'])).toBeUndefined();
    expect(since(['argocd/d', 'argocd/b'])).toBe(200);
    expect(since(['argocd/b', 'argocd/c'])).toBe(100);
    expect(since()).toBe(100);
    accepted('main', undefined);
    expect(since(['argocd/d'])).toBe(0);
  });

  it('is forgotten after the longest cool-down, so that names of a sender do not heap up', () => {
    const { clock, accepted, sinceAccepted } = memory();
    accepted('main', ['argocd/a']);
    clock.advance(3_600_000);
    accepted('main', ['argocd/b']);
    expect(sinceAccepted('main', ['argocd/a'], clock.monotonic())).toBeUndefined();
  });

  it('of a former run counts, and one in the future as just now', () => {
    const start = createFakeClock().now();
    const { clock, sinceAccepted } = memory({
      accepted: [
        ['main', '', start - 500],
        ['narrow', 'argocd/a', start - 500],
        ['ahead', '', start + 60_000],
      ],
    });
    expect(sinceAccepted('main', undefined, clock.monotonic())).toBe(500);
    expect(sinceAccepted('narrow', ['argocd/a'], clock.monotonic())).toBe(500);
    expect(sinceAccepted('narrow', ['argocd/b'], clock.monotonic())).toBeUndefined();
    expect(sinceAccepted('ahead', undefined, clock.monotonic())).toBe(0);
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
