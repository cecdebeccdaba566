// Detects a step of the wall clock. NTP steps it after the boot, a person can step it, and it steps after a virtual machine was
// suspended.
import { uptime } from 'node:os';
import type { Clock, Timer } from './clock.ts';

/** In milliseconds. A gradual correction never changes the difference between the clocks by this much within a second. */
export const stepMs = 1_000;
const lookEveryMs = 1_000;
/** In milliseconds. Messages that arrived during a sleep are read within this time after it. */
const catchUpMs = 2_000;
/** In milliseconds. If the two clocks are read further apart than this, the readings prove nothing. */
const readingMs = 100;

export interface ClockSteps {
  start(): void;
  stop(): void;
  /**
   * The time that the wall clock would show without its last step, in milliseconds since the epoch. Undefined if there was no
   * step, or if the machine slept instead. Also undefined right after a step forward, because it may still turn out to be a sleep.
   */
  former(): number | undefined;
}

/** The wall clock minus the monotonic clock, in milliseconds. Undefined if it could not be read. */
export function wallOffset(clock: Clock): number | undefined {
  const before = clock.monotonic();
  const wall = clock.now();
  const after = clock.monotonic();
  return after - before > readingMs ? undefined : wall - after;
}

/** @param uptimeMs time since the boot, including sleep */
export function createClockSteps(clock: Clock, uptimeMs = () => uptime() * 1_000): ClockSteps {
  let last: { readonly offset: number; readonly slept: number } | undefined;
  let former: { readonly offset: number; readonly isBack: boolean; readonly seenAt: number } | undefined;
  let timer: Timer | undefined;

  const look = () => {
    const offset = wallOffset(clock);
    if (offset === undefined) return;
    const seenAt = clock.monotonic();
    // The monotonic clock stops while the machine sleeps, but the time since the boot continues.
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
