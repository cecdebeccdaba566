// A clock that runs faster by a factor, for code that waits long.
import { systemClock, type Clock } from '../../service/clock.ts';

/**
 * The most time that passes between two readings, in real milliseconds. If this process gets no turn on a busy machine, its
 * clock waits with it. Otherwise work within the same process would seem to take minutes.
 */
const turnMs = 10;

/** How often due timers are looked for, in real milliseconds. */
const lookMs = 2;

/** The time of day is the real one. Timers are due on the hurried clock, some real milliseconds late. */
export function hurriedClock(times: number): Clock {
  const clock = systemClock();
  let passed = 0;
  let lookedAt = clock.monotonic();
  const monotonic = () => {
    const now = clock.monotonic();
    passed += Math.min(now - lookedAt, turnMs) * times;
    lookedAt = now;
    return passed;
  };
  const timer = (fn: () => void, ms: number, repeats: boolean) => {
    let due = monotonic() + ms;
    const looking = clock.setInterval(() => {
      if (monotonic() < due) return;
      due += ms;
      if (!repeats) looking.cancel();
      fn();
    }, lookMs);
    return looking;
  };
  return {
    now: () => clock.now(),
    monotonic,
    setTimeout: (fn, ms) => timer(fn, ms, false),
    setInterval: (fn, ms) => timer(fn, ms, true),
  };
}
