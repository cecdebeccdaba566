// The clock as something passed in, so that a test can make time pass.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. May jump: for time stamps only. */
  now(): number;
  /** Milliseconds since some moment in the past. Never jumps: for durations and deadlines. */
  monotonic(): number;
  /** @param ms milliseconds from now, at least 0 */
  setTimeout(fn: () => void, ms: number): Timer;
  /** For what happens all the time: makes no garbage. @param ms milliseconds from call to call, 1 to 2^31 - 1 */
  setInterval(fn: () => void, ms: number): Timer;
}

/** Node's longest timer; a longer one would fire at once. Source: Node's documentation of `setTimeout`. */
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

/** Resolves after `ms` milliseconds, or at once when the signal is aborted; tells whether the time passed. */
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

/** Waits for the work, and for so many milliseconds at most: the work then goes on by itself. Rejects as the work does. */
export async function waitAtMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, delay(clock, ms, over.signal)]);
  } finally {
    over.abort();
  }
}

/** Before this no machine with this code had its clock set. */
const firstPlausibleTime = Date.parse('2024-01-01T00:00:00Z');

/** False: a clock that said so had not been set yet, as on a Raspberry Pi after its start. @param time milliseconds since the epoch */
export function isClockSet(time: number): boolean {
  return time >= firstPlausibleTime;
}
