// The running requests to Argo CD, each with its time limit. Stopping the worker aborts them all.
import type { Clock } from '../../service/clock.ts';

/** The abort reason of a request that exceeded its time limit. */
export const timeUp = 'time is up';

export interface Bounds {
  /** aborts the request */
  readonly abort: AbortController;
  /** Runs work that has its own time limit. Afterwards the limit of the request starts from zero. */
  readonly untimed: (work: () => Promise<void>) => Promise<void>;
}

export interface UnderWay {
  /** Returns a controller that is aborted at the stop, or already aborted if the stop has happened. */
  begin(): AbortController;
  end(abort: AbortController): void;
  /** Aborts `run` after `timeoutMs` in total, including its retries. */
  bounded<Result>(timeoutMs: number, run: (bounds: Bounds) => Promise<Result>): Promise<Result>;
  stop(): void;
}

export function createUnderWay(clock: Clock): UnderWay {
  const underWay = new Set<AbortController>();
  let stopped = false;

  const begin = () => {
    const abort = new AbortController();
    underWay.add(abort);
    if (stopped) abort.abort();
    return abort;
  };
  const end = (abort: AbortController) => void underWay.delete(abort);

  return {
    begin,
    end,
    bounded: async (timeoutMs, run) => {
      const abort = begin();
      let ended = false;
      // got's own request timeout is not used: it would start from zero for each retry, and it does not apply while a
      // request waits for a free connection of the agent.
      const limit = () => clock.setTimeout(() => abort.abort(timeUp), timeoutMs);
      let timer = limit();
      const untimed = async (work: () => Promise<void>) => {
        timer.cancel();
        await work();
        if (!ended) timer = limit();
      };
      try {
        return await run({ abort, untimed });
      } finally {
        ended = true;
        timer.cancel();
        end(abort);
      }
    },
    stop: () => {
      stopped = true;
      for (const abort of underWay) abort.abort();
    },
  };
}
