// The requests to Argo CD that are under way, each within its time, so that a stop can break them all off.
import type { Clock } from '../../service/clock.ts';

/** The reason of a signal whose time is up. */
export const timeUp = 'time is up';

export interface Bounds {
  /** breaks the request off */
  readonly abort: AbortController;
  /** Runs work that has a limit of its own; the time of the request begins anew after it. */
  readonly untimed: (work: () => Promise<void>) => Promise<void>;
}

export interface UnderWay {
  /** Aborted at the stop, and at once after it. */
  begin(): AbortController;
  end(abort: AbortController): void;
  /** Aborts `run` when so many milliseconds are over in all, its retries included. */
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
      // Not got's own timeout of the request: each retry would have the time anew, and it does not reach a request that
      // still waits for a connection of the agent.
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
