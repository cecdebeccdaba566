// What is under way with Argo CD, each within its time, so that a stop can break all of it off.
import type { Clock } from '../../service/clock.ts';
import type { Sending } from './exchange.ts';

export interface Bounds extends Omit<Sending, 'headers'> {
  /** Runs what has a bound of its own; after it the time begins anew. */
  readonly untimed: (work: () => Promise<void>) => Promise<void>;
}

export interface UnderWay {
  /** Runs what may take so long in all, in milliseconds; it is broken off when they are over, or at the stop. */
  bounded<Result>(timeoutMs: number, run: (bounds: Bounds) => Promise<Result>): Promise<Result>;
  /** Calls `breakOff` at the stop, at once where that has been, until the function that is returned is called. */
  add(breakOff: () => void): () => void;
  stop(): void;
}

export function createUnderWay(clock: Clock): UnderWay {
  const breakOffs = new Set<() => void>();
  let stopped = false;

  const add = (breakOff: () => void) => {
    breakOffs.add(breakOff);
    if (stopped) breakOff();
    return () => void breakOffs.delete(breakOff);
  };

  return {
    bounded: async (timeoutMs, run) => {
      const abort = new AbortController();
      let over = false;
      let ended = false;
      const forget = add(() => abort.abort());
      // Not got's own time-out of the request, which does not reach one that still waits for a connection of the agent.
      const limit = () =>
        clock.setTimeout(() => {
          over = true;
          abort.abort();
        }, timeoutMs);
      let timer = limit();
      const untimed = async (work: () => Promise<void>) => {
        timer.cancel();
        await work();
        if (!ended) timer = limit();
      };
      try {
        return await run({ signal: abort.signal, timedOut: () => (over ? timeoutMs : undefined), untimed });
      } finally {
        ended = true;
        timer.cancel();
        forget();
      }
    },
    add,
    stop: () => {
      stopped = true;
      for (const breakOff of breakOffs) breakOff();
    },
  };
}

/** @throws what `broken` makes, once aborted */
export async function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  broken: () => Error,
): Promise<Value> {
  let stopWaiting = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const end = () => reject(broken());
    signal.addEventListener('abort', end, { once: true });
    stopWaiting = () => signal.removeEventListener('abort', end);
    if (signal.aborted) end();
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    stopWaiting();
    // Whoever lost the race may still fail.
    promise.catch(() => {});
    aborted.catch(() => {});
  }
}
