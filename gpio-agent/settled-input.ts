// One input pin of a person: opened, read through the debouncer, and opened again when it fails. Buttons and key switches
// are built on it.
import type { Clock } from '../service/clock.ts';
import type { HealthCheck } from '../service/health.ts';
import { backoffMs } from '../service/link/backoff.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import { debounce, leavingSince, unsettled } from './debounce.ts';
import type { DebounceState, LevelEvent, SettleTimes, Transition } from './debounce.ts';
import type { GpioDriver, GpioInput } from './drivers/driver.ts';
import { createLineNoise } from './line-noise.ts';
import type { ButtonConfig } from './options.ts';
import { reopen } from './reopen.ts';
import type { Polled } from './sampler.ts';

export interface SettledInput extends Polled {
  /** @param atRest false where something waits for the time to pass, so that `onLook` is wanted in any case */
  poll(atRest?: boolean): boolean;
  /** The level that counts; false while there is none yet. */
  readonly pressed: boolean;
  /** Since when the level has been leaving the one that counts; undefined: it is not. */
  readonly leavingSince: number | undefined;
  /** Why the pin cannot be used now, or why its line needs a look. */
  readonly fault: string | undefined;
  /** The pin in words; undefined while it is not open. */
  readonly where: string | undefined;
  /** What was read last, and the levels since it was opened that did not last. */
  readonly level: Pick<DebounceState, 'raw' | 'bounces' | 'shortestPulseMs'>;
  /** @throws HardwareError when the pin cannot be opened */
  open(): void;
  close(): void;
}

/** How often a pin that is sampled is read while its level settles: the shortest timer that Node has. */
const settlingLookMs = 1;

/** Of a noisy line not every loss is said; ours. */
const sayLossEveryMs = 1000;

export function createSettledInput(options: {
  /** For people: `button main`. */
  readonly name: string;
  readonly config: Pick<ButtonConfig, 'line' | 'chip' | 'pull' | 'activeLow'>;
  readonly times: SettleTimes;
  /** How often the pin is read where its driver samples. */
  readonly sampleMs: number;
  readonly driver: GpioDriver;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the pin. */
  readonly health: HealthCheck;
  /** Of the line: it works, and somebody should look at it. */
  readonly lineHealth: HealthCheck;
  readonly onBounces: (count: number) => void;
  readonly onLostEdges: (count: number) => void;
  readonly onTransition: (transition: Transition) => void;
  /** The pin was read at `now` (monotonic ms), and every transition up to then has been told. */
  readonly onLook: (now: number) => void;
  /** It begins anew: nothing that was before counts any more. */
  readonly onReset: () => void;
  /** An edge came in or the pin was lost: `nextAt` may have changed. */
  readonly onEdge: () => void;
}): SettledInput {
  const { name, config, times, driver, clock, log, health } = options;
  const { line } = config;

  let input: GpioInput | undefined;
  let level: DebounceState = unsettled;
  let levelNextAt: number | undefined;
  let failures = 0;
  let reopenAt: number | undefined;
  let fault: string | undefined;
  const noise = createLineNoise({ calmMs: times.pressMs, line: `line ${line}` });
  let noiseFault: string | undefined;
  /** Edges were lost or the line is gone: the level is to be read now. */
  let lookNow = false;
  let lossSaidAt = Number.NEGATIVE_INFINITY;
  /** Nothing was read for so long that a level may have come and gone twice. */
  const blindMs = Math.max(times.pressMs, 2 * options.sampleMs);

  const feed = (event: LevelEvent) => {
    const step = debounce(level, event, times);
    const bounces = step.state.bounces - level.bounces;
    if (step.state.raw !== level.raw) noise.changed(step.state.rawSince);
    level = step.state;
    levelNextAt = step.nextAt;
    if (bounces > 0) {
      noise.bounced(bounces, step.state.lastAt);
      options.onBounces(bounces);
    }
    for (const transition of step.transitions) options.onTransition(transition);
  };

  const updateNoise = () => {
    const before = noiseFault;
    noiseFault = noise.fault(clock.monotonic());
    if (noiseFault === before) return;
    if (noiseFault === undefined) {
      options.lineHealth.ok('quiet');
      if (input !== undefined) log.info({ input: name }, `${name}: line ${line} is quiet again`);
    } else {
      options.lineHealth.bad(`${name}: ${noiseFault}`);
      log.warn({ input: name }, `${name}: ${noiseFault}`);
    }
  };

  // A pin begins anew: what was held before must be released first.
  const reset = () => {
    level = unsettled;
    noise.forget();
    updateNoise();
    levelNextAt = undefined;
    lookNow = false;
    options.onReset();
  };

  const sayLoss = (lost: number) => {
    const now = clock.monotonic();
    if (now - lossSaidAt < sayLossEveryMs) return;
    lossSaidAt = now;
    log.warn(
      { input: name, lost },
      `${name}: ${lost} edge(s) came faster than they could be read and were lost; the line was read instead. Look for noise or a bad contact on line ${line}`,
    );
  };

  const openPin = () => {
    reset();
    input = driver.openInput({
      ...config,
      onEdge: ({ pressed, at, lost = 0 }) => {
        if (lost > 0) {
          lookNow = true;
          sayLoss(lost);
          options.onLostEdges(lost);
        }
        feed({ kind: lost > 0 ? 'gap' : 'edge', pressed, at });
        options.onEdge();
      },
      onLost: () => {
        lookNow = true;
        options.onEdge();
      },
    });
  };

  const closePin = () => {
    const closing = input;
    input = undefined;
    try {
      closing?.close();
    } catch (error) {
      log.warn({ err: error }, `the pin of ${name} could not be closed: ${messageOf(error)}`);
    }
  };

  const fail = (error: unknown) => {
    failures += 1;
    const waitMs = backoffMs(failures, reopen, 0.5);
    reopenAt = clock.monotonic() + waitMs;
    closePin();
    reset();
    fault = messageOf(error);
    const message = `${name}: ${fault}; tried again in ${waitMs / 1000} s`;
    log.error({ input: name }, message);
    health.bad(message);
  };

  const fine = () => {
    if (failures > 0) log.info({ input: name }, `${name} can be read again`);
    failures = 0;
    reopenAt = undefined;
    fault = undefined;
    health.ok(`reading ${input?.where ?? `line ${line}`}`);
  };

  const look = () => {
    const before = clock.monotonic();
    const pressed = input?.read() ?? false;
    lookNow = false;
    // A level that is still there has held at least until the time before the read, and a new one has begun at the latest
    // at the time after it: the process may have stood still in between.
    // Where nobody looked for long, finding the same level again says nothing of the time between.
    const blind = input?.edges === false && levelNextAt !== undefined && before - level.lastAt > blindMs;
    const held = pressed === level.raw && !blind;
    feed({ kind: blind ? 'gap' : 'sample', pressed, at: held ? before : clock.monotonic() });
    if (failures > 0) fine();
    updateNoise();
    options.onLook(before);
  };

  return {
    get pressed() {
      return level.settled ?? false;
    },
    get leavingSince() {
      return leavingSince(level);
    },
    get fault() {
      return fault ?? noiseFault;
    },
    get where() {
      return input?.where;
    },
    get level() {
      return level;
    },
    get settled() {
      return level.settled !== undefined;
    },
    get sampled() {
      return input?.edges === false;
    },
    get nextAt() {
      if (input === undefined) return reopenAt;
      if (lookNow) return 0;
      // Whether a level holds can be seen only by looking, and often enough to tell a spike from it.
      return input.edges || levelNextAt === undefined ? levelNextAt : level.lastAt + settlingLookMs;
    },
    open: () => {
      options.lineHealth.ok('quiet');
      openPin();
      look();
      fine();
    },
    poll: (atRest = true) => {
      if (input === undefined && (reopenAt === undefined || clock.monotonic() < reopenAt)) return false;
      try {
        if (input === undefined) openPin();
        // Sampled every few ms, and nothing new: no more than the read. With edges each read counts, since one may be late.
        const restful = atRest && levelNextAt === undefined && noiseFault === undefined && failures === 0;
        if (input?.edges === false && restful && input.read() === level.raw) return false;
        look();
      } catch (error) {
        fail(error);
        options.onLook(clock.monotonic());
      }
      return true;
    },
    close: () => {
      closePin();
      reset();
      failures = 0;
      reopenAt = undefined;
      fault = undefined;
    },
  };
}
