// A clock that goes so many times as fast, for what waits long.
import { systemClock, type Clock } from '../../service/clock.ts';

/**
 * So much time passes between two looks at the clock at most, in real milliseconds. Where the machine is busy and this process
 * gets no turn, its clock waits with it: otherwise what took place in the same process would seem to take minutes.
 */
const turnMs = 10;

/** How often it is looked whether a timer is due, in real milliseconds. */
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
