// One scheduler for all LEDs: writes a level only when it changes, and sets a timer only while some LED will change by itself.
import type { Clock, Timer } from '../service/clock.ts';
import type { LevelNow } from './patterns.ts';

export interface ScheduledLed {
  /** The level at a moment, and when it changes by itself; both in monotonic ms. */
  view(now: number): LevelNow;
  /** @throws when the pin cannot be written; then it is tried again every second */
  write(on: boolean): void;
  /** Told about each attempt to write: undefined when it went well. */
  written(error: unknown): void;
}

export interface LedScheduler {
  /**
   * Looks at every LED again, because something that a view depends on has changed.
   * @param options.quiet without `onRefresh`; the next look makes up for it
   */
  refresh(options?: { readonly quiet?: boolean }): void;
  /** No timer any more, and every LED off. `refresh` starts it again. */
  stop(): void;
}

/** A pin that could not be written is tried again this often; ours. */
const retryMs = 1000;

export function createLedScheduler(options: {
  readonly clock: Clock;
  readonly leds: readonly ScheduledLed[];
  /** Called after each look, also one that the timer has caused. */
  readonly onRefresh?: () => void;
}): LedScheduler {
  const { clock, leds, onRefresh } = options;
  const levels = new Map<ScheduledLed, boolean>();
  let timer: Timer | undefined;

  const show = (led: ScheduledLed, on: boolean): boolean => {
    if (levels.get(led) === on) return true;
    try {
      led.write(on);
    } catch (error) {
      levels.delete(led);
      led.written(error);
      return false;
    }
    levels.set(led, on);
    led.written(undefined);
    return true;
  };

  const refresh = ({ quiet = false } = {}) => {
    timer?.cancel();
    timer = undefined;
    const now = clock.monotonic();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const led of leds) {
      const level = led.view(now);
      if (!show(led, level.on)) nextAt = Math.min(nextAt, now + retryMs);
      if (level.nextAt !== undefined) nextAt = Math.min(nextAt, level.nextAt);
    }
    // At least 1 ms: a timer that comes a fraction early must not spin.
    if (nextAt < Number.POSITIVE_INFINITY)
      timer = clock.setTimeout(() => refresh(), Math.max(1, Math.ceil(nextAt - now)));
    if (!quiet) onRefresh?.();
  };

  return {
    refresh,
    stop: () => {
      timer?.cancel();
      timer = undefined;
      for (const led of leds) show(led, false);
    },
  };
}
