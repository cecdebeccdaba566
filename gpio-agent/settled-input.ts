// One input pin for a person: opens it, reads it through the debouncer, and opens it again after a failure. Buttons and key
// switches are built on it.
import type { Clock } from '../service/clock.ts';
import type { HealthCheck } from '../service/health.ts';
import { backoffMs } from '../service/backoff.ts';
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
  /** @param atRest false while something waits for time to pass, so that `onLook` must be called in any case */
  poll(atRest?: boolean): boolean;
  /** The level that counts. False before the first one has settled. */
  readonly pressed: boolean;
  /** Since when the line has been leaving the level that counts. Undefined: it is not. */
  readonly leavingSince: number | undefined;
  /** Why the pin cannot be used now, or why its line needs attention. */
  readonly fault: string | undefined;
  /** Description of the pin. Undefined while it is not open. */
  readonly where: string | undefined;
  /** The last level that was read, and the short levels since the pin was opened. */
  readonly level: Pick<DebounceState, 'raw' | 'bounces' | 'shortestPulseMs'>;
  /** @throws HardwareError when the pin cannot be opened */
  open(): void;
  close(): void;
}

/** How often a sampled pin is read while its level settles: the shortest timer of Node. */
const settlingLookMs = 1;

/** Our choice: a noisy line logs lost edges at most this often. */
const logLossEveryMs = 1000;

export function createSettledInput(options: {
  /** The name for people: `button main`. */
  readonly name: string;
  readonly config: Pick<ButtonConfig, 'line' | 'chip' | 'pull' | 'activeLow'>;
  readonly times: SettleTimes;
  /** How often a sampling driver reads the pin. */
  readonly sampleMs: number;
  readonly driver: GpioDriver;
  readonly clock: Clock;
  readonly log: Log;
  /** The fault of the pin. */
  readonly health: HealthCheck;
  /** The fault of the line: it works, but somebody should look at it. */
  readonly lineHealth: HealthCheck;
  readonly onBounces: (count: number) => void;
  readonly onLostEdges: (count: number) => void;
  readonly onTransition: (transition: Transition) => void;
  /** The pin was read at `now` (monotonic ms), and every transition until then has been reported. */
  readonly onLook: (now: number) => void;
  /** The pin starts again: nothing from before counts. */
  readonly onReset: () => void;
  /** An edge arrived or the pin was lost: `nextAt` may have changed. */
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
  /** Edges were lost or the line is lost, so the level must be read now. */
  let lookNow = false;
  let lossLoggedAt = Number.NEGATIVE_INFINITY;
  /** The pin was not read for so long that the level may have changed and returned. */
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

  // After a restart of the pin, a button that is held must first be released.
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
    if (now - lossLoggedAt < logLossEveryMs) return;
    lossLoggedAt = now;
    log.warn(
      { input: name, lost },
      `${name}: ${lost} edge(s) were lost, because they came faster than they could be read. The agent read the level of the line instead. Look for noise or a bad contact on line ${line}`,
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
    const message = `${name}: ${fault}; the agent tries again in ${waitMs / 1000} s`;
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
    // If the level is unchanged, it held at least until the time before this read. A new level began at the latest at the time
    // after the read, because the process may have been paused in between. After a long time without a read, the same level
    // proves nothing about that time.
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
      // Only reads can show that a level holds. They must be frequent enough to tell a spike from it.
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
        // A sampled pin without news: read it and do no more. With edges each read counts, because an edge may arrive late.
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
