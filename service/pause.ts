// Detects that this process was paused by a signal or starved. Messages that waited in its sockets are then older than they
// look, and a press among them must not count as new. A sleep of the whole machine is not detected, because Linux's
// monotonic clock stops too.
import type { Clock, Timer } from './clock.ts';

export interface PauseWatch {
  start(): void;
  stop(): void;
  /**
   * Length of the pause that has just ended, in milliseconds. 0: there was none.
   * @param since the monotonic time at which something began to exist. If that was after the pause, the result is 0
   */
  heldMs(since?: number): number;
  /** Length of the last pause after that monotonic time, in milliseconds. 0: there was none. */
  heldSince(since: number): number;
}

export interface PauseOptions {
  readonly clock: Clock;
  /** Shorter pauses do not count. In milliseconds. */
  readonly thresholdMs: number;
  /** The precision, in milliseconds: a pause may look this much longer than it was. */
  readonly tickMs?: number;
  /** Messages that arrived during the pause are read within this time after it. In milliseconds. */
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
