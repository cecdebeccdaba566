// Timers that stop together, so that none keeps the process alive or fires after stop().

export interface SimulatorClock {
  /** ms since the epoch. */
  now(): number;
  setTimeout(run: () => void, ms: number): { cancel(): void };
}

export interface Timers {
  now(): number;
  /** Calls the function once after `ms`. The returned function cancels it. */
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
