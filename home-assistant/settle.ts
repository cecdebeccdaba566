// Waits until things have been quiet for a while, but not for ever.
import type { Clock, Timer } from '../service/clock.ts';

export interface Settle {
  /** Something has happened. @param maxMs how long after the first of these to wait at most, in milliseconds */
  touch(maxMs: number): void;
  cancel(): void;
}

/** @param quietMs milliseconds */
export function createSettle(clock: Clock, quietMs: number, onQuiet: () => void): Settle {
  let timer: Timer | undefined;
  let first: number | undefined;
  const cancel = () => {
    timer?.cancel();
    timer = undefined;
    first = undefined;
  };
  return {
    touch: (maxMs) => {
      const now = clock.monotonic();
      first ??= now;
      timer?.cancel();
      timer = clock.setTimeout(
        () => {
          cancel();
          onQuiet();
        },
        Math.max(0, Math.min(quietMs, first + maxMs - now)),
      );
    },
    cancel,
  };
}
