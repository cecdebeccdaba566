// Limits what presses may cost. A refused press is decided, written to the journal and answered too. So presses that no
// person makes are turned away before that, with one counted result per second and button.
import type { Clock } from '../../service/clock.ts';

export interface Flood {
  /** Counts a press. Returns why it is turned away, in words; undefined: it is within the limit. */
  arrived(key: string): string | undefined;
  /**
   * Whether a `too-many` press gets a result. Returns undefined if not, and otherwise the number of presses without a
   * result since the last one that had one.
   */
  answered(button: string): number | undefined;
}

/** A button may get this many times `maxPressesPerMinute`, including refused presses. */
const factor = 10;
const minuteMs = 60_000;
/** One counted result of `too-many` per second and button. Source: the contract, "PressResult". */
const answerEveryMs = 1_000;

export function createFlood(clock: Clock, maxPressesPerMinute: number): Flood {
  const max = factor * maxPressesPerMinute;
  const arrivals = new Map<string, number[]>();
  const answers = new Map<string, { readonly at: number; swallowed: number }>();

  return {
    arrived: (key) => {
      const now = clock.monotonic();
      const lately = arrivals.get(key) ?? [];
      arrivals.set(key, lately);
      const past = lately.findIndex((at) => at > now - minuteMs);
      lately.splice(0, past === -1 ? lately.length : past);
      if (lately.length >= max) return `more than ${max} presses within a minute, refused ones included`;
      lately.push(now);
      return undefined;
    },
    answered: (button) => {
      const now = clock.monotonic();
      const before = answers.get(button);
      if (before !== undefined && now - before.at < answerEveryMs) {
        before.swallowed += 1;
        return undefined;
      }
      answers.set(button, { at: now, swallowed: 0 });
      return before?.swallowed ?? 0;
    },
  };
}
