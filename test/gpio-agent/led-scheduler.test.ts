import { describe, expect, test } from 'vitest';
import { createLedScheduler } from '../../gpio-agent/led-scheduler.ts';
import { levelAt, type Pattern } from '../../gpio-agent/patterns.ts';
import { createFakeClock } from '../support/fake-clock.ts';

function createLed(pattern: Pattern) {
  const led = {
    pattern,
    writes: [] as boolean[],
    errors: [] as unknown[],
    broken: false,
    gone: false,
    attempts: 0,
    view: (now: number) => levelAt(led.pattern, now),
    write: (on: boolean) => {
      led.attempts += 1;
      if (led.broken) throw new Error('no such line');
      led.writes.push(on);
    },
    check: () => {
      if (led.gone) throw new Error('gone');
    },
    written: (error: unknown) => void led.errors.push(error),
  };
  return led;
}

function setUp(...patterns: readonly Pattern[]) {
  const clock = createFakeClock();
  const leds = patterns.map(createLed);
  return { clock, leds, scheduler: createLedScheduler({ clock, leds }) };
}

describe('the LED scheduler', () => {
  test('sets no timer while all LEDs are steady, and one timer for all LEDs while some blink', () => {
    const { clock, leds, scheduler } = setUp('on', 'off', 'off');
    scheduler.refresh();
    expect(clock.pendingTimers()).toBe(0);
    for (const led of leds) led.pattern = 'pulse';
    scheduler.refresh();
    expect(clock.pendingTimers()).toBe(1);
  });

  test('writes only changes of the level', () => {
    const { clock, leds, scheduler } = setUp('pulse', 'on');
    scheduler.refresh();
    scheduler.refresh();
    clock.advance(2100);
    scheduler.refresh();
    expect(leds.map((led) => led.writes)).toEqual([[true, false, true, false, true], [true]]);
  });

  test('retries a line that cannot be written after a second', () => {
    const { clock, leds, scheduler } = setUp('on');
    for (const led of leds) led.broken = true;
    scheduler.refresh();
    clock.advance(999);
    for (const led of leds) led.broken = false;
    expect(leds[0]?.writes).toEqual([]);
    clock.advance(1);
    expect(leds[0]?.writes).toEqual([true]);
    expect(leds[0]?.errors.map((error) => error === undefined)).toEqual([false, true]);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('retries a broken line at growing intervals, however often other LEDs blink', () => {
    const { clock, leds, scheduler } = setUp('on', 'fast-blink');
    const [broken] = leds;
    if (broken !== undefined) broken.broken = true;
    scheduler.refresh();
    // At once, and after 1, 2, 4 and 8 s.
    clock.advance(15_000);
    expect(broken?.attempts).toBe(5);
    scheduler.stop();
  });

  test('notices a lost steady LED at the next check, and sets no timer until then', () => {
    const { clock, leds, scheduler } = setUp('on');
    const [led] = leds;
    scheduler.refresh();
    if (led !== undefined) Object.assign(led, { gone: true, broken: true });
    clock.advance(60_000);
    expect(led?.errors).toEqual([undefined]);
    scheduler.check();
    expect(String(led?.errors.at(-1))).toContain('gone');
    if (led !== undefined) Object.assign(led, { gone: false, broken: false });
    clock.advance(1000);
    expect(led?.writes).toEqual([true, true]);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('keeps the others blinking beside a broken LED', () => {
    const { clock, leds, scheduler } = setUp('on', 'fast-blink');
    const [broken, other] = leds;
    if (broken !== undefined) broken.broken = true;
    scheduler.refresh();
    clock.advance(250);
    expect(other?.writes).toEqual([true, false, true]);
  });

  test('has every LED off and no timer after a stop, and a second stop does nothing', () => {
    const { clock, leds, scheduler } = setUp('on', 'pulse');
    scheduler.refresh();
    scheduler.stop();
    scheduler.stop();
    expect(leds.map((led) => led.writes.at(-1))).toEqual([false, false]);
    expect(clock.pendingTimers()).toBe(0);
  });
});
