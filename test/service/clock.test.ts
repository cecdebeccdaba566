import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { delay, systemClock } from '../../service/clock.ts';
import { createClockSync } from '../../service/clock-sync.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from './arrange.ts';

afterEach(() => void vi.useRealTimers());

describe('the clock of the system', () => {
  test('runs a timer once, unless it was cancelled', async () => {
    const clock = systemClock();
    const calls: string[] = [];
    clock.setTimeout(() => calls.push('cancelled'), 0).cancel();
    clock.setTimeout(() => calls.push('negative'), -5);
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, 1);
    });
    await until(() => calls.length > 0);
    expect(calls).toEqual(['negative']);
  });

  test("keeps a delay that is longer than Node's longest timer", () => {
    vi.useFakeTimers();
    let hasRun = false;
    const days = 24 * 60 * 60 * 1_000;
    systemClock().setTimeout(() => {
      hasRun = true;
    }, 60 * days);
    const cancelled = systemClock().setTimeout(() => {
      throw new Error('was cancelled');
    }, 60 * days);
    vi.advanceTimersByTime(59 * days);
    expect(hasRun).toBe(false);
    cancelled.cancel();
    vi.advanceTimersByTime(days);
    expect(hasRun).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('returns the time since the epoch, and a time that never goes back', () => {
    const clock = systemClock();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000);
    const first = clock.monotonic();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(first);
  });
});

describe('a delay', () => {
  test('resolves to true when the time has passed', async () => {
    const clock = createFakeClock();
    const waited = delay(clock, 100);
    clock.advance(100);
    expect(await waited).toBe(true);
  });

  test('ends at once when it is aborted, and leaves neither timer nor listener', async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const waited = delay(clock, 100, controller.signal);
    controller.abort();
    expect(await waited).toBe(false);
    expect(clock.pendingTimers()).toBe(0);
    expect(await delay(clock, 100, controller.signal)).toBe(false);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('leaves no listener on a long-lived signal', async () => {
    const clock = createFakeClock();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const waited = delay(clock, 1, signal);
    clock.advance(1);
    await waited;
    expect(removed).toHaveBeenCalledTimes(1);
  });
});

describe('the fake clock', () => {
  test('runs timers in the order of their times, each at its time, and equal times in the order in which they were set', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 }), (times) => {
        const clock = createFakeClock(0);
        const calls: { index: number; at: number }[] = [];
        times.forEach((ms, index) =>
          clock.setTimeout(() => calls.push({ index, at: clock.monotonic() }), ms),
        );
        clock.advance(20);
        const expected = times
          .map((at, index) => ({ index, at }))
          .toSorted((a, b) => a.at - b.at || a.index - b.index);
        expect(calls).toEqual(expected);
        expect(clock.pendingTimers()).toBe(0);
      }),
    );
  });

  test('runs timers that other timers set, and no cancelled ones', () => {
    const clock = createFakeClock(0);
    const calls: number[] = [];
    const again = () => {
      calls.push(clock.now());
      clock.setTimeout(again, 10);
    };
    clock.setTimeout(again, 10);
    const cancelled = clock.setTimeout(() => calls.push(-1), 15);
    clock.setTimeout(() => cancelled.cancel(), 12);
    clock.advance(35);
    expect(calls).toEqual([10, 20, 30]);
  });

  test('steps the wall-clock time only', () => {
    const clock = createFakeClock(1_000);
    clock.jump(3_600_000);
    expect([clock.now(), clock.monotonic()]).toEqual([3_601_000, 0]);
  });
});

describe('whether the clock is synchronized', () => {
  test('is asked at the start and every minute until the stop', async () => {
    const clock = createFakeClock();
    const answers = [false, true, 'unknown'] as const;
    let queries = 0;
    const sync = createClockSync(clock, () => Promise.resolve(answers[queries++] ?? true));
    expect(sync.state()).toBe('unknown');
    await sync.start();
    expect(sync.state()).toBe(false);
    clock.advance(60_000);
    await until(() => sync.state() === true);
    await until(() => clock.pendingTimers() === 1);
    clock.advance(60_000);
    await until(() => sync.state() === 'unknown');
    sync.stop();
    sync.stop();
    expect(clock.pendingTimers()).toBe(0);
    expect(queries).toBe(3);
  });

  test('is unknown after a step until the next query, which follows at once', async () => {
    const clock = createFakeClock();
    const answers: ((isSynchronized: boolean) => void)[] = [];
    const sync = createClockSync(clock, () => new Promise((resolve) => void answers.push(resolve)));
    const started = sync.start();
    answers[0]?.(true);
    await started;
    clock.advance(1_000);
    expect(sync.state()).toBe(true);
    clock.jump(-3_600_000);
    expect([sync.state(), sync.state(), answers.length]).toEqual(['unknown', 'unknown', 2]);
    answers[1]?.(false);
    await until(() => sync.state() === false);
    expect(clock.pendingTimers()).toBe(1);
    // The clock is stepped during the query, so the answer may be from before the step.
    clock.jump(3_600_000);
    sync.state();
    clock.jump(5_000);
    answers[2]?.(true);
    await until(() => answers.length === 4 || (sync.state(), false));
    answers[3]?.(true);
    await until(() => sync.state() === true);
    sync.stop();
    expect(clock.pendingTimers()).toBe(0);
  });

  test('is unknown if a query fails, and the next query is still made', async () => {
    const clock = createFakeClock();
    let queries = 0;
    const sync = createClockSync(clock, () => {
      queries += 1;
      return queries === 1 ? Promise.reject(new Error('no bus')) : Promise.resolve(true);
    });
    await sync.start();
    expect(sync.state()).toBe('unknown');
    clock.advance(60_000);
    await until(() => sync.state() === true);
    sync.stop();
  });

  test('is not reported if the watch was stopped during a query, and no timer is left', async () => {
    const clock = createFakeClock();
    let answer: (synchronised: boolean) => void = () => {};
    let abandoned: AbortSignal | undefined;
    const sync = createClockSync(
      clock,
      (signal) =>
        new Promise((resolve) => {
          abandoned = signal;
          answer = resolve;
        }),
    );
    const starting = sync.start();
    sync.stop();
    expect(abandoned?.aborted).toBe(true);
    answer(true);
    await starting;
    expect(sync.state()).toBe('unknown');
    expect(clock.pendingTimers()).toBe(0);
  });

  test('can be asked on this system without an error, whatever the answer is', async () => {
    const sync = createClockSync(systemClock());
    await sync.start();
    expect([true, false, 'unknown']).toContain(sync.state());
    sync.stop();
  });
});
