// The system clock, but so many times as fast, for what waits long.
import { systemClock } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';

export function hurriedClock(times: number): Clock {
  const clock = systemClock();
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() * times,
    setTimeout: (fn, ms) => clock.setTimeout(fn, ms / times),
    setInterval: (fn, ms) => clock.setInterval(fn, ms / times),
  };
}
