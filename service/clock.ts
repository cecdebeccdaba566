// The clock is a parameter, so that a test can control time.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. May jump, so use it for time stamps only. */
  now(): number;
  /** Milliseconds since some moment in the past. Never jumps, so use it for durations and deadlines. */
  monotonic(): number;
  /** @param ms milliseconds from now, at least 0 */
  setTimeout(fn: () => void, ms: number): Timer;
  /** For frequent timers, because it allocates nothing on each call. @param ms period in milliseconds, 1 to 2^31 - 1 */
  setInterval(fn: () => void, ms: number): Timer;
}

/** The longest timer of Node. A longer one would fire at once. Source: Node's documentation of `setTimeout`. */
const longestTimerMs = 2 ** 31 - 1;

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimeout: (fn, ms) => {
      let timer: NodeJS.Timeout;
      const wait = (left: number) => {
        const part = Math.min(left, longestTimerMs);
        timer = setTimeout(() => (left > part ? wait(left - part) : fn()), part);
      };
      wait(Math.max(0, ms));
      return { cancel: () => clearTimeout(timer) };
    },
    setInterval: (fn, ms) => {
      const timer = setInterval(fn, ms);
      return { cancel: () => clearInterval(timer) };
    },
  };
}

/** Resolves after `ms` milliseconds with true, or with false when the signal is aborted. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (passed: boolean) => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      resolve(passed);
    };
    const onAbort = () => done(false);
    const timer = clock.setTimeout(() => done(true), ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Waits for the work, but no longer than this many milliseconds; the work itself continues. Rejects as the work does. */
export async function waitAtMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, delay(clock, ms, over.signal)]);
  } finally {
    over.abort();
  }
}

/** This code is newer than this date, so a clock that shows an earlier time is wrong. */
const firstPlausibleTime = Date.parse('2024-01-01T00:00:00Z');

/**
 * False if the time comes from a clock that was not set yet, as on a Raspberry Pi after its boot.
 * @param time milliseconds since the epoch
 */
export function isClockSet(time: number): boolean {
  return time >= firstPlausibleTime;
}
