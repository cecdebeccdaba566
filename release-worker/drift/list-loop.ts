// Asks for lists, one at a time: again after a pause, earlier on request, and with growing pauses after failures.
import type { Clock } from '../../service/clock.ts';
import { backoffMs } from '../../service/backoff.ts';
import { isTokenRefused } from './last-answer.ts';
import { createPause } from './pause.ts';
import type { Reach } from './reach.ts';

export interface ListLoop {
  /** Ends with the signal, after `stop`. */
  run(): Promise<void>;
  /** Asks for another list, at once or after the running one. */
  wake(): void;
  /** Resolves when the first list has been answered or has failed, or at the stop. */
  readonly afterFirst: Promise<void>;
  stop(): void;
}

const retry = { minMs: 1_000, maxMs: 30_000 };
/** A refused token is soon tried again, because somebody may be replacing it. This costs two small requests. In ms. */
const tokenRetryMs = 5_000;

export function createListLoop(options: {
  readonly clock: Clock;
  readonly reach: Pick<Reach, 'whenThere'>;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly list: () => Promise<void>;
  /** The pause after an answered list, in milliseconds */
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
        // A list of thousands is too expensive to find out whether Argo CD is there.
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
