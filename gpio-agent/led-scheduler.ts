// One scheduler for all LEDs. It writes a level only when it changes, and sets a timer only while a pattern will change.
import type { Clock, Timer } from '../service/clock.ts';
import { backoffMs } from '../service/backoff.ts';
import type { LevelNow } from './patterns.ts';
import { reopen } from './reopen.ts';

export interface ScheduledLed {
  /** The level now, and when it changes by itself, both in monotonic ms. */
  view(now: number): LevelNow;
  /** @throws when the pin cannot be written; the scheduler then tries again, with growing pauses */
  write(on: boolean): void;
  /** @throws when the pin is lost */
  check(): void;
  /** Called after each attempt to write, and when a pin is lost. Undefined: it succeeded. */
  written(error: unknown): void;
}

export interface LedScheduler {
  /**
   * Updates every LED, because something that its view depends on has changed.
   * @param options.quiet does not call `onRefresh`; the next update does
   */
  refresh(options?: { readonly quiet?: boolean }): void;
  /** Finds lost pins while there is nothing to write. For a caller with a regular check. */
  check(): void;
  /** Stops the timer and switches off every LED that was lit. `refresh` starts it again. */
  stop(): void;
}

export function createLedScheduler(options: {
  readonly clock: Clock;
  readonly leds: readonly ScheduledLed[];
  /** Called after each update, also after those of the timer. */
  readonly onRefresh?: () => void;
}): LedScheduler {
  const { clock, leds, onRefresh } = options;
  const levels = new Map<ScheduledLed, boolean>();
  const failed = new Map<ScheduledLed, { readonly times: number; readonly retryAt: number }>();
  let timer: Timer | undefined;

  const fail = (led: ScheduledLed, error: unknown, now: number) => {
    const times = (failed.get(led)?.times ?? 0) + 1;
    failed.set(led, { times, retryAt: now + backoffMs(times, reopen, 0.5) });
    levels.delete(led);
    led.written(error);
  };

  /** @returns true if the LED shows the level */
  const show = (led: ScheduledLed, on: boolean, now: number): boolean => {
    if (levels.get(led) === on) return true;
    if (now < (failed.get(led)?.retryAt ?? now)) return false;
    try {
      led.write(on);
    } catch (error) {
      fail(led, error, now);
      return false;
    }
    levels.set(led, on);
    failed.delete(led);
    led.written(undefined);
    return true;
  };

  const refresh = ({ quiet = false } = {}) => {
    timer?.cancel();
    timer = undefined;
    const now = clock.monotonic();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const led of leds) {
      const wasFailed = failed.has(led);
      let level = led.view(now);
      let shown = show(led, level.on, now);
      // The view of an LED depends on whether the LED can be written.
      if (wasFailed === shown) {
        level = led.view(now);
        shown = show(led, level.on, now);
      }
      if (!shown) nextAt = Math.min(nextAt, failed.get(led)?.retryAt ?? now);
      else if (level.nextAt !== undefined) nextAt = Math.min(nextAt, level.nextAt);
    }
    // At least 1 ms: a timer that fires slightly early must not spin.
    if (nextAt < Number.POSITIVE_INFINITY)
      timer = clock.setTimeout(() => refresh(), Math.max(1, Math.ceil(nextAt - now)));
    if (!quiet) onRefresh?.();
  };

  return {
    refresh,
    check: () => {
      const now = clock.monotonic();
      let gone = false;
      for (const led of leds) {
        if (failed.has(led)) continue;
        try {
          led.check();
        } catch (error) {
          fail(led, error, now);
          gone = true;
        }
      }
      if (gone) refresh();
    },
    stop: () => {
      timer?.cancel();
      timer = undefined;
      // An LED that never lit, because its start failed, is not touched.
      for (const led of levels.keys()) show(led, false, clock.monotonic());
      failed.clear();
    },
  };
}
