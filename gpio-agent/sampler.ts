// One timer for all inputs: reads pins that have to be sampled, and does what has become due at the others.
import type { Clock, Timer } from '../service/clock.ts';

export interface Polled {
  /** Whether a first level has settled: a press counts from then on. */
  readonly settled: boolean;
  /** Whether the pin has to be read every `sampleMs`, since its driver reports no edges. */
  readonly sampled: boolean;
  /** When `poll` is due, in monotonic ms; undefined: only when something happens, or at the next regular look. */
  readonly nextAt: number | undefined;
  /** Reads the pin, and does what has become due. Never throws: a pin that cannot be read is a fault. */
  poll(): void;
}

export interface Sampler {
  start(): void;
  /** Resolves when a first level of every input has settled, but after two seconds at the latest, or when stopped. */
  settled(): Promise<void>;
  /** Sets the timer anew, because an input's `nextAt` has changed. */
  reschedule(): void;
  stop(): void;
}

/** How long a first level may take to settle: twice the longest debounce time that can be configured. */
const settleWithinMs = 2000;

/** How often a pin with edges is read all the same, so that a lost edge or a dead line is noticed; ours. */
const lookEveryMs = 1000;

export function createSampler(options: {
  readonly clock: Clock;
  readonly inputs: readonly Polled[];
  readonly sampleMs: number;
  /** Once a second, for what else has to be looked at. */
  readonly onLook: () => void;
}): Sampler {
  const { clock, inputs, sampleMs } = options;
  let running = false;
  let timer: Timer | undefined;
  let sampleAt = 0;
  let lookAt = 0;
  let waiting: { readonly timer: Timer; readonly resolve: () => void } | undefined;

  const reschedule = () => {
    if (!running) return;
    timer?.cancel();
    const now = clock.monotonic();
    let nextAt = Math.min(sampleAt, lookAt);
    for (const input of inputs) nextAt = Math.min(nextAt, input.nextAt ?? nextAt);
    // Rounded up: Node rounds down, and would come a fraction too early. At least 1 ms, so that it never spins.
    timer = clock.setTimeout(poll, Math.max(1, Math.ceil(nextAt - now)));
  };

  const stopWaiting = () => {
    waiting?.timer.cancel();
    waiting?.resolve();
    waiting = undefined;
  };

  const poll = () => {
    let sampled = false;
    for (const input of inputs) {
      input.poll();
      sampled ||= input.sampled;
    }
    if (waiting !== undefined && inputs.every((input) => input.settled)) stopWaiting();
    const now = clock.monotonic();
    sampleAt = sampled ? now + sampleMs : Number.POSITIVE_INFINITY;
    if (now >= lookAt) {
      lookAt = now + lookEveryMs;
      options.onLook();
    }
    reschedule();
  };

  return {
    start: () => {
      running = true;
      lookAt = clock.monotonic() + lookEveryMs;
      sampleAt = clock.monotonic() + sampleMs;
      reschedule();
    },
    settled: () =>
      new Promise((resolve) => {
        stopWaiting();
        waiting = { resolve, timer: clock.setTimeout(stopWaiting, settleWithinMs) };
        if (inputs.every((input) => input.settled)) stopWaiting();
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
