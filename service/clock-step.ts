// Notices that the wall clock was stepped: by NTP after the boot, by a person, or in a virtual machine that was suspended.
import { uptime } from 'node:os';
import type { Clock, Timer } from './clock.ts';

/** A difference between the clocks that no gradual correction makes within a second. In milliseconds. */
export const stepMs = 1_000;
const lookEveryMs = 1_000;
/** What came while the machine slept is read within this time. In milliseconds. */
const catchUpMs = 2_000;
/** Between two readings of the clocks the process may have been paused; then they say nothing. In milliseconds. */
const readingMs = 100;

export interface ClockSteps {
  start(): void;
  stop(): void;
  /**
   * What the wall clock would show now without its last step, in milliseconds since the epoch. Undefined: there was no
   * step, the machine slept and the step is that sleep, or a step forward was so short ago that it may be one.
   */
  former(): number | undefined;
}

/** The wall clock minus the monotonic one, in milliseconds; undefined: it could not be read. */
export function wallOffset(clock: Clock): number | undefined {
  const before = clock.monotonic();
  const wall = clock.now();
  const after = clock.monotonic();
  return after - before > readingMs ? undefined : wall - after;
}

/** @param uptimeMs time since the boot, sleep included */
export function createClockSteps(clock: Clock, uptimeMs = () => uptime() * 1_000): ClockSteps {
  let last: { readonly offset: number; readonly slept: number } | undefined;
  let former: { readonly offset: number; readonly isBack: boolean; readonly seenAt: number } | undefined;
  let timer: Timer | undefined;

  const look = () => {
    const offset = wallOffset(clock);
    if (offset === undefined) return;
    const seenAt = clock.monotonic();
    // The monotonic clock stands still while the machine sleeps; the time since the boot does not.
    const slept = uptimeMs() - seenAt;
    if (last !== undefined && Math.abs(offset - last.offset) >= stepMs) {
      const isSleep = Math.abs(offset - last.offset - (slept - last.slept)) < stepMs;
      former = isSleep ? undefined : { offset: last.offset, isBack: offset < last.offset, seenAt };
    }
    last = { offset, slept };
  };
  const tick = () => {
    look();
    timer = clock.setTimeout(tick, lookEveryMs);
  };

  return {
    start: tick,
    stop: () => timer?.cancel(),
    former: () => {
      look();
      const now = clock.monotonic();
      if (former === undefined || (!former.isBack && now < former.seenAt + catchUpMs)) return undefined;
      return now + former.offset;
    },
  };
}
