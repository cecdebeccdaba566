// Waits until nothing has happened for a while, up to a limit.
import type { Clock, Timer } from '../service/clock.ts';

export interface QuietTimer {
  /** Something has happened. @param maxMs how long after the first event to wait at most, in milliseconds */
  restart(maxMs: number): void;
  cancel(): void;
}

/** @param quietMs milliseconds */
export function createQuietTimer(clock: Clock, quietMs: number, onQuiet: () => void): QuietTimer {
  let timer: Timer | undefined;
  let firstAt: number | undefined;
  const cancel = () => {
    timer?.cancel();
    timer = undefined;
    firstAt = undefined;
  };
  return {
    restart: (maxMs) => {
      const now = clock.monotonic();
      firstAt ??= now;
      timer?.cancel();
      timer = clock.setTimeout(
        () => {
          cancel();
          onQuiet();
        },
        Math.max(0, Math.min(quietMs, firstAt + maxMs - now)),
      );
    },
    cancel,
  };
}
