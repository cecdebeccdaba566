// A clock that a test moves by hand. A timer fires exactly at its time, the earliest timer first.
import type { Clock } from '../../service/clock.ts';

export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** Shifts wall-clock time only, as a clock correction does. */
  jump(ms: number): void;
  /** Lets time pass without a timer firing, as in a paused or starved process. Due timers fire at the next advance. */
  pause(ms: number): void;
  pendingTimers(): number;
}

export function createFakeClock(startMs = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
  let elapsed = 0;
  let offset = startMs;
  let order = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();

  /** The timer that is due first; of two at the same time, the one that was set first. */
  const firstDue = (end: number) => {
    let first: { readonly id: number; readonly at: number; readonly fn: () => void } | undefined;
    for (const [id, { at, fn }] of timers)
      if (at <= end && (first === undefined || at < first.at)) first = { id, at, fn };
    return first;
  };

  const setTimer = (fn: () => void, ms: number) => {
    const id = order++;
    timers.set(id, { at: elapsed + Math.max(0, ms), fn });
    return { cancel: () => void timers.delete(id) };
  };

  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    setTimeout: setTimer,
    setInterval: (fn, ms) => {
      let timer = setTimer(function again() {
        timer = setTimer(again, ms);
        fn();
      }, ms);
      return { cancel: () => timer.cancel() };
    },
    advance: (ms) => {
      const end = elapsed + ms;
      for (;;) {
        const next = firstDue(end);
        if (next === undefined) break;
        timers.delete(next.id);
        elapsed = Math.max(elapsed, next.at);
        next.fn();
      }
      elapsed = end;
    },
    jump: (ms) => {
      offset += ms;
    },
    pause: (ms) => {
      elapsed += ms;
    },
    pendingTimers: () => timers.size,
  };
}
