// Notices that this process stood still, stopped by a signal or starved: what lay in its socket meanwhile is older than
// it looks, and a press among it must not release late. A sleep of the whole machine does not count: Linux's monotonic
// clock stands still as well.
import type { Clock, Timer } from '../../service/clock.ts';

export interface PauseWatch {
  start(): void;
  stop(): void;
  /** How long the process stood still right before now, in milliseconds; 0: it did not. */
  heldMs(): number;
}

const tickMs = 1_000;
/** What had come during the pause is read within this time after it. In milliseconds. */
const catchUpMs = 2_000;

/**
 * @param thresholdMs shorter pauses do not count
 */
export function createPauseWatch(clock: Clock, thresholdMs: number): PauseWatch {
  let last = clock.monotonic();
  let held = { ms: 0, until: -Infinity };
  let timer: Timer | undefined;

  const look = () => {
    const now = clock.monotonic();
    const gap = now - last;
    last = now;
    if (gap > thresholdMs) held = { ms: gap, until: now + catchUpMs };
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
    heldMs: () => {
      look();
      return clock.monotonic() < held.until ? held.ms : 0;
    },
  };
}
