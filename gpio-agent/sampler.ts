// One timer for all buttons: reads pins that have to be sampled, and does what has become due at the others.
import type { Clock, Timer } from '../service/clock.ts';
import type { Button } from './button.ts';

export interface Sampler {
  start(): void;
  /** Resolves when a first level of every button has settled, but after two seconds at the latest, or when stopped. */
  settled(): Promise<void>;
  /** Sets the timer anew, because a button's `nextAt` has changed. */
  reschedule(): void;
  stop(): void;
}

/** How long a first level may take to settle: twice the longest debounce time that can be configured. */
const settleWithinMs = 2000;

/** How often a pin with edges is read all the same, so that a lost edge or a dead line is noticed; ours. */
const lookEveryMs = 1000;

export function createSampler(options: {
  readonly clock: Clock;
  readonly buttons: readonly Button[];
  readonly sampleMs: number;
}): Sampler {
  const { clock, buttons, sampleMs } = options;
  let running = false;
  let timer: Timer | undefined;
  let regularAt = 0;
  let waiting: { readonly timer: Timer; readonly resolve: () => void } | undefined;

  const everyMs = () => (buttons.some((button) => button.sampled) ? sampleMs : lookEveryMs);

  const reschedule = () => {
    if (!running) return;
    timer?.cancel();
    const now = clock.monotonic();
    const nextAt = buttons.reduce(
      (soonest, button) => Math.min(soonest, button.nextAt ?? soonest),
      regularAt,
    );
    // Rounded up: Node rounds down, and would come a fraction too early. At least 1 ms, so that it never spins.
    timer = clock.setTimeout(poll, Math.max(1, Math.ceil(nextAt - now)));
  };

  const stopWaiting = () => {
    waiting?.timer.cancel();
    waiting?.resolve();
    waiting = undefined;
  };

  const poll = () => {
    for (const button of buttons) button.poll();
    if (buttons.every((button) => button.settled)) stopWaiting();
    const now = clock.monotonic();
    if (now >= regularAt) regularAt = now + everyMs();
    reschedule();
  };

  return {
    start: () => {
      running = true;
      regularAt = clock.monotonic() + everyMs();
      reschedule();
    },
    settled: () =>
      new Promise((resolve) => {
        stopWaiting();
        waiting = { resolve, timer: clock.setTimeout(stopWaiting, settleWithinMs) };
        if (buttons.every((button) => button.settled)) stopWaiting();
      }),
    reschedule,
    stop: () => {
      running = false;
      stopWaiting();
      timer?.cancel();
      timer = undefined;
    },
  };
}
