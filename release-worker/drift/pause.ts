// A pause of a loop that can be ended before its time.
import type { Clock } from '../../service/clock.ts';

export interface Pause {
  /** Resolves after so many milliseconds, or at `end`. */
  take(ms: number): Promise<void>;
  /** Ends the pause that is being taken, if any. */
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
