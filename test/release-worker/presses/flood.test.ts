// More presses than any person makes.
import { describe, expect, test } from 'vitest';
import { createFlood } from '../../../release-worker/presses/flood.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

describe('arrivals', () => {
  test('of one button are limited within a minute, without an effect on other buttons, until the minute is over', () => {
    const clock = createFakeClock();
    const flood = createFlood(clock, 2);
    for (let press = 0; press < 20; press += 1) expect(flood.arrived('main')).toBeUndefined();
    expect(flood.arrived('main')).toMatch(/more than 20 presses/);
    expect(flood.arrived('garden')).toBeUndefined();
    clock.advance(59_999);
    expect(flood.arrived('main')).toMatch(/more than 20 presses/);
    clock.advance(1);
    expect(flood.arrived('main')).toBeUndefined();
  });
});

describe('answers', () => {
  test('come once per second and button, and count the presses without one', () => {
    const clock = createFakeClock();
    const flood = createFlood(clock, 60);
    expect(flood.answered('main')).toBe(0);
    expect([flood.answered('main'), flood.answered('main')]).toEqual([undefined, undefined]);
    expect(flood.answered('garden')).toBe(0);
    clock.advance(1_000);
    expect(flood.answered('main')).toBe(2);
    clock.advance(1_000);
    expect(flood.answered('main')).toBe(0);
  });
});
