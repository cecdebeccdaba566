// One input pin of a person: opened, read through the debouncer, and opened again when it fails. Buttons and key switches
// are built on it.
import type { Clock } from '../service/clock.ts';
import type { HealthCheck } from '../service/health.ts';
import { backoffMs } from '../service/link/backoff.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import { debounce, unsettled } from './debounce.ts';
import type { DebounceState, LevelEvent, Transition } from './debounce.ts';
import type { GpioDriver, GpioInput } from './drivers/driver.ts';
import type { ButtonConfig } from './options.ts';
import { reopen } from './reopen.ts';
import type { Polled } from './sampler.ts';

export interface SettledInput extends Polled {
  /** @param atRest false where something waits for the time to pass, so that `onLook` is wanted in any case */
  poll(atRest?: boolean): boolean;
  /** The level that counts; false while there is none yet. */
  readonly pressed: boolean;
  /** Why the pin cannot be used now. */
  readonly fault: string | undefined;
  /** The pin in words; undefined while it is not open. */
  readonly where: string | undefined;
  /** What was read last, and the levels since it was opened that did not last. */
  readonly level: Pick<DebounceState, 'raw' | 'bounces' | 'shortestPulseMs'>;
  /** @throws HardwareError when the pin cannot be opened */
  open(): void;
  close(): void;
}

/** Of a noisy line not every loss is said; ours. */
const sayLossEveryMs = 1000;

export function createSettledInput(options: {
  /** For people: `button main`. */
  readonly name: string;
  readonly config: Pick<ButtonConfig, 'line' | 'chip' | 'pull' | 'activeLow' | 'debounceMs'>;
  /** How often the pin is read where its driver samples. */
  readonly sampleMs: number;
  readonly driver: GpioDriver;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: HealthCheck;
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
  const { name, config, driver, clock, log, health } = options;
  const { line, debounceMs } = config;

  let input: GpioInput | undefined;
  let level: DebounceState = unsettled;
  let levelNextAt: number | undefined;
  let failures = 0;
  let reopenAt: number | undefined;
  let fault: string | undefined;
  /** Edges were lost or the line is gone: the level is to be read now. */
  let lookNow = false;
  let lossSaidAt = Number.NEGATIVE_INFINITY;
  /** Nothing was read for so long that a level may have come and gone twice. */
  const blindMs = Math.max(debounceMs, 2 * options.sampleMs);

  const feed = (event: LevelEvent) => {
    const step = debounce(level, event, debounceMs);
    const bounces = step.state.bounces - level.bounces;
    level = step.state;
    levelNextAt = step.nextAt;
    if (bounces > 0) options.onBounces(bounces);
    for (const transition of step.transitions) options.onTransition(transition);
  };

  // A pin begins anew: what was held before must be released first.
  const reset = () => {
    level = unsettled;
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
    const settling = level.raw !== level.settled;
    const blind = input?.edges === false && settling && before - level.lastAt > blindMs;
    const held = pressed === level.raw && !blind;
    feed({ kind: blind ? 'gap' : 'sample', pressed, at: held ? before : clock.monotonic() });
    if (failures > 0) fine();
    options.onLook(before);
  };

  return {
    get pressed() {
      return level.settled ?? false;
    },
    get fault() {
      return fault;
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
      return lookNow ? 0 : levelNextAt;
    },
    open: () => {
      openPin();
      look();
      fine();
    },
    poll: (atRest = true) => {
      if (input === undefined && (reopenAt === undefined || clock.monotonic() < reopenAt)) return false;
      try {
        if (input === undefined) openPin();
        // Sampled every few ms, and nothing new: no more than the read. With edges each read counts, since one may be late.
        const { raw, settled } = level;
        if (input?.edges === false && atRest && raw === settled && failures === 0 && input.read() === raw)
          return false;
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
