// A clock that runs faster than real time, for code that waits long.
import { systemClock, type Clock } from '../../service/clock.ts';

/**
 * The most real milliseconds that may count between two readings. If this process gets no turn on a busy machine, its
 * clock waits too. Otherwise work within the same process would seem to take minutes.
 */
const maxStepMs = 10;

/** How often the clock looks for due timers, in real milliseconds. */
const pollMs = 2;

/** Its wall clock is the real one. Its timers are due on the fast clock, some real milliseconds late. */
export function hurriedClock(factor: number): Clock {
  const clock = systemClock();
  let elapsed = 0;
  let readAt = clock.monotonic();
  const monotonic = () => {
    const now = clock.monotonic();
    elapsed += Math.min(now - readAt, maxStepMs) * factor;
    readAt = now;
    return elapsed;
  };
  const timer = (fn: () => void, ms: number, repeats: boolean) => {
    let due = monotonic() + ms;
    const polling = clock.setInterval(() => {
      if (monotonic() < due) return;
      due += ms;
      if (!repeats) polling.cancel();
      fn();
    }, pollMs);
    return polling;
  };
  return {
    now: () => clock.now(),
    monotonic,
    setTimeout: (fn, ms) => timer(fn, ms, false),
    setInterval: (fn, ms) => timer(fn, ms, true),
  };
}
