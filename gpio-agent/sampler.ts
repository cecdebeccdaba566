// One timer for all inputs: reads the pins of sampling drivers, and polls the other inputs when something is due.
import type { Clock, Timer } from '../service/clock.ts';
import { blindAfterMs } from './unseen.ts';

export interface Polled {
  /** True once a first level has settled. From then on, presses count. */
  readonly settled: boolean;
  /** True if the pin must be read every `sampleMs`, because its driver reports no edges. */
  readonly sampled: boolean;
  /** When to call `poll`, in monotonic ms. Undefined: only after an event, or at the next regular read. */
  readonly nextAt: number | undefined;
  /**
   * Reads the pin, and does what is due. Never throws: a pin that cannot be read is a fault.
   * @returns false if nothing is new
   */
  poll(): boolean;
}

export interface Sampler {
  start(): void;
  /** Resolves when the first level of every input has settled, after two seconds at the latest, or when stopped. */
  settled(): Promise<void>;
  /** Sets the timer again, because the `nextAt` of an input has changed. */
  reschedule(): void;
  stop(): void;
}

/** Deadline for a first level: twice the longest debounce time that can be configured. */
const settleWithinMs = 2000;

/** Our choice: a pin with edges is also read this often, to notice a lost edge or a dead line. */
const lookEveryMs = 1000;

export function createSampler(options: {
  readonly clock: Clock;
  readonly inputs: readonly Polled[];
  readonly sampleMs: number;
  /** Called once a second, for other regular checks. */
  readonly onLook: () => void;
  /** The sampled pins were not read for this long (ms), so a press may have been missed. */
  readonly onGap: (ms: number) => void;
}): Sampler {
  const { clock, inputs, sampleMs } = options;
  const gapMs = blindAfterMs(sampleMs);
  let running = false;
  /** Runs while a pin has to be sampled. */
  let ticker: Timer | undefined;
  let sampledInputs: readonly Polled[] = [];
  /** When the sampled pins were last read. Undefined: not since there are any. */
  let sampledAt: number | undefined;
  let timer: { readonly at: number; readonly timer: Timer } | undefined;
  let lookAt = 0;
  let waiting: { readonly timer: Timer; readonly resolve: () => void } | undefined;

  const reschedule = () => {
    if (!running) return;
    let nextAt = lookAt;
    for (const input of inputs) nextAt = Math.min(nextAt, input.nextAt ?? nextAt);
    // A timer that fires early reads and is set again then. Otherwise each edge of a noisy line would set a timer.
    if (timer !== undefined && timer.at <= nextAt) return;
    timer?.timer.cancel();
    // Rounded up, because Node rounds down and would fire slightly early. At least 1 ms, so that the timer never spins.
    const waitMs = Math.max(1, Math.ceil(nextAt - clock.monotonic()));
    timer = { at: nextAt, timer: clock.setTimeout(due, waitMs) };
  };

  const stopWaiting = () => {
    waiting?.timer.cancel();
    waiting?.resolve();
    waiting = undefined;
  };

  const afterPoll = () => {
    if (waiting !== undefined && inputs.every((input) => input.settled)) stopWaiting();
    reschedule();
  };

  const noteGap = () => {
    if (ticker === undefined) return;
    const now = clock.monotonic();
    if (sampledAt !== undefined && now - sampledAt > gapMs) options.onGap(now - sampledAt);
    sampledAt = now;
  };

  // An idle agent does this all day: it reads, compares and changes nothing.
  const tick = () => {
    noteGap();
    let news = false;
    for (const input of sampledInputs) if (input.poll()) news = true;
    if (news) afterPoll();
  };

  const due = () => {
    timer = undefined;
    noteGap();
    for (const input of inputs) input.poll();
    const now = clock.monotonic();
    if (now >= lookAt) {
      lookAt = now + lookEveryMs;
      options.onLook();
    }
    tickIfSampled();
    afterPoll();
  };

  const tickIfSampled = () => {
    sampledInputs = running ? inputs.filter((input) => input.sampled) : [];
    if (sampledInputs.length > 0) ticker ??= clock.setInterval(tick, sampleMs);
    else {
      ticker?.cancel();
      ticker = undefined;
      sampledAt = undefined;
    }
  };

  return {
    start: () => {
      running = true;
      lookAt = clock.monotonic() + lookEveryMs;
      tickIfSampled();
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
      tickIfSampled();
      timer?.timer.cancel();
      timer = undefined;
    },
  };
}
