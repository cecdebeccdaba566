// Works through devices at a limited pace, each at its own time.
import type { Clock, Timer } from '../service/clock.ts';

export interface Paced {
  start(): void;
  stop(): void;
  /** There may be something to do for these. */
  add(ids: Iterable<string>): void;
  remove(id: string): void;
  /** There is nothing to do for any of them. */
  clear(): void;
}

export function createPaced(options: {
  readonly clock: Clock;
  /** When the next step may be taken, by the monotonic clock. Undefined: there is nothing to do. */
  readonly dueAt: (id: string) => number | undefined;
  /** Takes a step. False: there was nothing to do. */
  readonly step: (id: string, now: number) => boolean;
}): Paced {
  const { clock, dueAt, step } = options;
  const pending = new Set<string>();
  let timer: Timer | undefined;
  let timerAt = Infinity;
  let running = false;

  const disarm = () => {
    timer?.cancel();
    timerAt = Infinity;
  };
  const arm = (at: number) => {
    if (!running || at >= timerAt) return;
    timer?.cancel();
    timerAt = at;
    timer = clock.setTimeout(work, Math.max(0, at - clock.monotonic()));
  };
  const work = () => {
    timerAt = Infinity;
    const now = clock.monotonic();
    let nextAt = Infinity;
    for (const id of pending) {
      const at = dueAt(id);
      if (at === undefined) pending.delete(id);
      else if (now < at) nextAt = Math.min(nextAt, at);
      else if (step(id, now)) nextAt = Math.min(nextAt, dueAt(id) ?? now);
      else pending.delete(id);
    }
    arm(nextAt);
  };

  return {
    start: () => {
      running = true;
    },
    stop: () => {
      running = false;
      disarm();
    },
    add: (ids) => {
      for (const id of ids) pending.add(id);
      arm(clock.monotonic());
    },
    remove: (id) => pending.delete(id),
    clear: () => {
      pending.clear();
      disarm();
    },
  };
}
