import { describe, expect, it } from 'vitest';
import { createPressHistory } from '../../../release-worker/presses/press-history.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const day = 86_400_000;

function history(
  former: { ids?: [string, number][]; accepted?: [button: string, key: string, at: number][] } = {},
) {
  const clock = createFakeClock();
  const made = createPressHistory(clock);
  made.remember({
    pressIds: former.ids ?? [],
    acceptedAt: new Map(former.accepted?.map(([button, key, at]) => [button, new Map([[key, at]])])),
  });
  /** within the longest cool-down before now */
  const lately = (button: string, only?: string[], arrivedAt = clock.monotonic()) => {
    const { whole, apps } = made.lately(button, only, arrivedAt, 3_600_000);
    return { ...(whole === undefined ? {} : { whole }), ...Object.fromEntries(apps) };
  };
  return { clock, ...made, lately, latelyWithin: made.lately };
}

describe('an id', () => {
  it('is known for 24 hours, whatever the wall clock does', () => {
    const { clock, note, seen } = history();
    note('a');
    clock.jump(-5 * day);
    clock.advance(day - 1);
    clock.jump(20 * day);
    expect([seen('a'), seen('b')]).toEqual([true, false]);
    clock.advance(1);
    expect(seen('a')).toBe(false);
  });

  it('is known among the last 10,000', () => {
    const { note, seen } = history();
    for (let index = 0; index <= 10_000; index += 1) note(`id-${index}`);
    expect([seen('id-0'), seen('id-1'), seen('id-10000')]).toEqual([false, true, true]);
  });

  it('counts from its last arrival', () => {
    const { clock, note, seen } = history();
    note('a');
    clock.advance(day - 1);
    note('a');
    clock.advance(day - 1);
    expect(seen('a')).toBe(true);
  });

  it('of a former run is known for the rest of its day', () => {
    const start = createFakeClock().now();
    const { clock, seen } = history({
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

  it('of a former run whose clock was not set is known for a day', () => {
    const { clock, seen, lately } = history({
      ids: [['early', 20_000]],
      accepted: [['main', 'argocd/shop', 20_000]],
    });
    expect(lately('main', ['argocd/shop'])).toEqual({ 'argocd/shop': 0 });
    clock.advance(day - 1);
    expect(seen('early')).toBe(true);
    clock.advance(1);
    expect(seen('early')).toBe(false);
  });
});

describe('the last accepted press', () => {
  it('is counted to the arrival of the other one, for each button', () => {
    const { clock, accepted, lately } = history();
    clock.advance(5_000);
    accepted('main', undefined);
    expect(lately('main', undefined, clock.monotonic() - 300)).toEqual({ whole: 0 });
    clock.advance(700);
    expect(lately('main')).toEqual({ whole: 700 });
    expect(lately('main', ['argocd/a'])).toEqual({ whole: 700 });
    expect(lately('other')).toEqual({});
  });

  it('of some applications counts for presses that select any of them', () => {
    const { clock, accepted, lately } = history();
    accepted('main', ['argocd/a', 'argocd/b']);
    clock.advance(100);
    accepted('main', ['argocd/c']);
    clock.advance(100);
    expect(lately('main', ['argocd/d'])).toEqual({});
    expect(lately('main', ['argocd/d', 'argocd/b'])).toEqual({ 'argocd/b': 200 });
    expect(lately('main')).toEqual({ 'argocd/a': 200, 'argocd/b': 200, 'argocd/c': 100 });
    accepted('main', undefined);
    expect(lately('main', ['argocd/d'])).toEqual({ whole: 0 });
  });

  it('counts within the cool-down only', () => {
    const { clock, accepted, latelyWithin } = history();
    accepted('main', undefined);
    accepted('main', ['argocd/a']);
    clock.advance(2_000);
    const empty = { whole: undefined, apps: new Map() };
    expect(latelyWithin('main', undefined, clock.monotonic(), 2_000)).toEqual(empty);
    expect(latelyWithin('main', undefined, clock.monotonic(), 2_001)).toEqual({
      whole: 2_000,
      apps: new Map([['argocd/a', 2_000]]),
    });
  });

  it("is forgotten after the longest cool-down, so that senders' names do not accumulate", () => {
    const { clock, accepted, lately } = history();
    accepted('main', ['argocd/a']);
    clock.advance(3_600_000);
    accepted('main', ['argocd/b']);
    expect(lately('main')).toEqual({ 'argocd/b': 0 });
  });

  it('keeps no more names than ids, so that made-up names cannot fill the history', () => {
    const { accepted, lately } = history();
    accepted('main', undefined);
    accepted('main', ['argocd/old', 'argocd/again']);
    for (let index = 0; index < 99; index += 1)
      accepted(
        'main',
        Array.from({ length: 100 }, (_, other) => `argocd/${index}-${other}`),
      );
    accepted('main', ['argocd/again']);
    accepted(
      'main',
      Array.from({ length: 99 }, (_, other) => `argocd/99-${other}`),
    );
    expect(Object.keys(lately('main')).length).toBe(10_000);
    expect(lately('main', ['argocd/old', 'argocd/again', 'argocd/0-0'])).toEqual({
      'argocd/again': 0,
      'argocd/0-0': 0,
    });
  });

  it('of a former run counts, and one in the future counts as just now', () => {
    const start = createFakeClock().now();
    const { lately } = history({
      accepted: [
        ['main', '', start - 500],
        ['narrow', 'argocd/a', start - 500],
        ['ahead', '', start + 60_000],
      ],
    });
    expect(lately('main')).toEqual({ whole: 500 });
    expect(lately('narrow', ['argocd/a'])).toEqual({ 'argocd/a': 500 });
    expect(lately('narrow', ['argocd/b'])).toEqual({});
    expect(lately('ahead')).toEqual({ whole: 0 });
  });
});

describe('the presses of the last minute', () => {
  it('are counted', () => {
    const { clock, passedRules, recent } = history();
    passedRules(undefined);
    clock.advance(30_000);
    passedRules(undefined);
    expect(recent(undefined)).toBe(2);
    clock.advance(29_999);
    expect(recent(undefined)).toBe(2);
    clock.advance(1);
    expect(recent(undefined)).toBe(1);
    clock.advance(30_000);
    expect(recent(undefined)).toBe(0);
  });

  it('count for presses that select the same applications', () => {
    const { passedRules, recent } = history();
    for (const name of ['a', 'b', 'c']) passedRules([`argocd/${name}`]);
    passedRules(['argocd/a', 'argocd/b']);
    passedRules(undefined);
    expect(recent(['argocd/a'])).toBe(3);
    expect(recent(['argocd/c', 'argocd/d'])).toBe(2);
    expect(recent(['argocd/d'])).toBe(1);
    expect(recent(undefined)).toBe(1);
  });
});
