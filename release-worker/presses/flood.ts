// Bounds what presses may cost. Also a refused press is decided, written down and answered, so more of them than any
// person makes are turned away before that, with one counted answer a second and button.
import type { Clock } from '../../service/clock.ts';

export interface Flood {
  /** Counts an arrival. Undefined: it is within the bound; otherwise why it is turned away, in words. */
  arrived(key: string): string | undefined;
  /**
   * Whether a `too-many` is answered: undefined for one that is not, otherwise how many got no answer since the last
   * that was.
   */
  answered(button: string): number | undefined;
}

/** So many times `maxPressesPerMinute` are looked at in a minute, of each button, refused ones included. */
const factor = 10;
const minuteMs = 60_000;
/** One counted result of `too-many` a second and button. Source: the contract, "PressResult". */
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
