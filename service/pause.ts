// Notices that this process stood still, stopped by a signal or starved: what lay in its sockets meanwhile is older than
// it looks, and a press among it must not count as one of now. A sleep of the whole machine does not count: Linux's
// monotonic clock stands still as well.
import type { Clock, Timer } from './clock.ts';

export interface PauseWatch {
  start(): void;
  stop(): void;
  /**
   * How long the process stood still right before now, in milliseconds; 0: it did not.
   * @param since monotonic: for what has been there only since then, after the pause it is 0
   */
  heldMs(since?: number): number;
  /** How long the process has stood still since then (monotonic), the last time that it did; 0: it has not. */
  heldSince(since: number): number;
}

export interface PauseOptions {
  readonly clock: Clock;
  /** Shorter pauses do not count. In milliseconds. */
  readonly thresholdMs: number;
  /** How exactly it is measured: a pause may look longer by this. In milliseconds. */
  readonly tickMs?: number;
  /** What had come during the pause is read within this time after it. In milliseconds. */
  readonly catchUpMs?: number;
}

export function createPauseWatch(options: PauseOptions): PauseWatch {
  const { clock, thresholdMs, tickMs = 1_000, catchUpMs = 2_000 } = options;
  let last = clock.monotonic();
  let held = { ms: 0, endedAt: -Infinity };
  let timer: Timer | undefined;

  const look = () => {
    const now = clock.monotonic();
    const gap = now - last;
    last = now;
    if (gap > thresholdMs) held = { ms: gap, endedAt: now };
  };
  const tick = () => {
    look();
    timer = clock.setTimeout(tick, tickMs);
  };

  return {
    start: () => {
      last = clock.monotonic();
      timer = clock.setTimeout(tick, tickMs);
    },
    stop: () => timer?.cancel(),
    heldMs: (since = -Infinity) => {
      look();
      return clock.monotonic() < held.endedAt + catchUpMs && since < held.endedAt ? held.ms : 0;
    },
    heldSince: (since) => {
      look();
      return since < held.endedAt ? held.ms : 0;
    },
  };
}
