import { describe, expect, test } from 'vitest';
import { createClockSteps } from '../../service/clock-step.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const hour = 3_600_000;

function watching() {
  const clock = createFakeClock();
  let sleptMs = 0;
  const steps = createClockSteps(clock, () => clock.monotonic() + sleptMs);
  steps.start();
  return {
    clock,
    steps,
    sleep: (ms: number) => {
      sleptMs += ms;
      clock.jump(ms);
    },
  };
}

describe('the time before the last step of the clock', () => {
  test('is undefined without a step, and if the clock is only corrected gradually', () => {
    const { clock, steps } = watching();
    for (let second = 0; second < 100; second += 1) {
      clock.advance(1_000);
      clock.jump(80);
      expect(steps.former()).toBeUndefined();
    }
  });

  test.each([
    ['back', -hour, 0],
    ['forward, after everything that a sleeping machine could have kept was read', hour, 2_000],
  ])('continues after a step %s', (_, ms, afterMs) => {
    const { clock, steps } = watching();
    clock.advance(5_000);
    const before = clock.now();
    clock.jump(ms);
    if (afterMs > 0) expect(steps.former()).toBeUndefined();
    clock.advance(afterMs);
    expect(steps.former()).toBe(before + afterMs);
    clock.advance(10 * hour);
    expect(steps.former()).toBe(before + afterMs + 10 * hour);
  });

  test('belongs to the last step', () => {
    const { clock, steps } = watching();
    clock.jump(-hour);
    clock.advance(1_000);
    const before = clock.now();
    clock.jump(-hour);
    expect(steps.former()).toBe(before);
  });

  test('is undefined after the machine has slept, because a press from before the sleep is old', () => {
    const { clock, steps, sleep } = watching();
    clock.advance(5_000);
    sleep(hour);
    clock.advance(10_000);
    expect(steps.former()).toBeUndefined();
  });

  test('is no longer watched after the stop', () => {
    const { clock, steps } = watching();
    steps.stop();
    expect(clock.pendingTimers()).toBe(0);
  });
});
