// A pause of a loop that can be ended early.
import type { Clock } from '../../service/clock.ts';

export interface Pause {
  /** Resolves after this many milliseconds, or at `end`. */
  take(ms: number): Promise<void>;
  /** Ends the current pause, if any. */
  end(): void;
}

export function createPause(clock: Clock): Pause {
  let end = () => {};
  return {
    take: (ms) =>
      new Promise((resolve) => {
        const timer = clock.setTimeout(resolve, ms);
        end = () => {
          timer.cancel();
          resolve();
        };
      }),
    end: () => end(),
  };
}
