// One timer for all inputs: reads pins that have to be sampled, and does what has become due at the others.
import type { Clock, Timer } from '../service/clock.ts';
import { blindAfterMs } from './unseen.ts';

export interface Polled {
  /** Whether a first level has settled: a press counts from then on. */
  readonly settled: boolean;
  /** Whether the pin has to be read every `sampleMs`, since its driver reports no edges. */
  readonly sampled: boolean;
  /** When `poll` is due, in monotonic ms; undefined: only when something happens, or at the next regular look. */
  readonly nextAt: number | undefined;
  /**
   * Reads the pin, and does what has become due. Never throws: a pin that cannot be read is a fault.
   * @returns false where nothing is new
   */
  poll(): boolean;
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
  /** Pins that are sampled were not looked at for so long (ms), and a press may have been missed. */
  readonly onGap: (ms: number) => void;
}): Sampler {
  const { clock, inputs, sampleMs } = options;
  const gapMs = blindAfterMs(sampleMs);
  let running = false;
  /** Ticks while some pin has to be sampled. */
  let ticker: Timer | undefined;
  let sampledInputs: readonly Polled[] = [];
  /** When the sampled pins were looked at last; undefined: not since there are any. */
  let sampledAt: number | undefined;
  let timer: { readonly at: number; readonly timer: Timer } | undefined;
  let lookAt = 0;
  let waiting: { readonly timer: Timer; readonly resolve: () => void } | undefined;

  const reschedule = () => {
    if (!running) return;
    let nextAt = lookAt;
    for (const input of inputs) nextAt = Math.min(nextAt, input.nextAt ?? nextAt);
    // One that comes too early looks, and is set anew then: on a noisy line each edge would otherwise set a timer.
    if (timer !== undefined && timer.at <= nextAt) return;
    timer?.timer.cancel();
    // Rounded up: Node rounds down, and would come a fraction too early. At least 1 ms, so that it never spins.
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

  // This is what an idle agent does all day: it reads, compares, and leaves everything as it is.
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
