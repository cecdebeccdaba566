// Asks for lists, one at a time: again after a pause, sooner when one is wanted, and ever later where they fail.
import type { Clock } from '../../service/clock.ts';
import { backoffMs } from '../../service/backoff.ts';
import { isTokenRefused } from './last-answer.ts';
import { createPause } from './pause.ts';
import type { Reach } from './reach.ts';

export interface ListLoop {
  /** Ends with the signal, after `stop`. */
  run(): Promise<void>;
  /** Another list, at once or after the one that is under way. */
  wake(): void;
  /** Resolves when the first list has been answered or has failed, or at the stop. */
  readonly afterFirst: Promise<void>;
  stop(): void;
}

const retry = { minMs: 1_000, maxMs: 30_000 };
/** A token that is not accepted costs two small questions: somebody may be replacing it just now. In milliseconds. */
const tokenRetryMs = 5_000;

export function createListLoop(options: {
  readonly clock: Clock;
  readonly reach: Pick<Reach, 'whenThere'>;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly list: () => Promise<void>;
  /** milliseconds to the next one after one that was answered */
  readonly againMs: () => number;
  readonly onFailure: (error: unknown) => Promise<void>;
}): ListLoop {
  const { signal } = options;
  const pause = createPause(options.clock);
  let wanted = false;
  let firstAsked = () => {};
  const afterFirst = new Promise<void>((resolve) => {
    firstAsked = resolve;
  });

  return {
    run: async () => {
      let failures = 0;
      for (;;) {
        // A list of thousands is no way to find out whether somebody is there.
        await options.reach.whenThere();
        if (signal.aborted) return;
        wanted = false;
        let waitMs: number;
        try {
          await options.list();
          failures = 0;
          waitMs = options.againMs();
        } catch (error) {
          if (signal.aborted) return;
          failures += 1;
          waitMs = backoffMs(failures, retry, options.random());
          if (isTokenRefused(error)) waitMs = Math.min(waitMs, tokenRetryMs);
          await options.onFailure(error);
        } finally {
          firstAsked();
        }
        if (!wanted && !signal.aborted) await pause.take(waitMs);
      }
    },
    wake: () => {
      wanted = true;
      pause.end();
    },
    afterFirst,
    stop: () => {
      firstAsked();
      pause.end();
    },
  };
}
