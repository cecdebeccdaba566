// Timers that all end together: stop() leaves nothing behind that keeps the process alive or acts later.

export interface SimulatorClock {
  /** ms since the epoch. */
  now(): number;
  setTimeout(run: () => void, ms: number): { cancel(): void };
}

export interface Timers {
  now(): number;
  /** Runs once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
  cancelAll(): void;
}

export const systemClock: SimulatorClock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

export function createTimers(clock: SimulatorClock): Timers {
  const running = new Set<() => void>();
  return {
    now: () => clock.now(),
    after(ms, run) {
      const timer = clock.setTimeout(() => {
        running.delete(cancel);
        run();
      }, ms);
      const cancel = (): void => {
        running.delete(cancel);
        timer.cancel();
      };
      running.add(cancel);
      return cancel;
    },
    cancelAll() {
      for (const cancel of running) cancel();
    },
  };
}
