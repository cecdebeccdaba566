// One button: its pin through debounce and gestures, and what happens when the pin fails.
import type { Clock } from '../service/clock.ts';
import type { HealthCheck } from '../service/health.ts';
import { backoffMs } from '../service/link/backoff.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import { debounce, unsettled } from './debounce.ts';
import type { DebounceState, LevelEvent, Transition } from './debounce.ts';
import type { GpioDriver, GpioInput } from './drivers/driver.ts';
import { followGestures, noGesture } from './gestures.ts';
import type { FiredGesture, GestureState } from './gestures.ts';
import type { ButtonConfig } from './options.ts';

interface ButtonCondition {
  readonly pressed: boolean;
  readonly stuck: boolean;
  readonly fault?: string;
}

export interface Button {
  readonly id: string;
  readonly condition: ButtonCondition;
  /** Whether a first level has settled: a press counts from then on. */
  readonly settled: boolean;
  /** Whether the pin has to be read every `sampleMs`, since its driver reports no edges. */
  readonly sampled: boolean;
  /** When `poll` is due, in monotonic ms; undefined: only when something happens, or at the next regular look. */
  readonly nextAt: number | undefined;
  /** @throws HardwareError when the pin cannot be opened */
  open(): void;
  /** Reads the pin, and does what has become due. Never throws: a pin that cannot be read is a fault. */
  poll(): void;
  close(): void;
}

/** A pin that failed is opened again after 1 s, then ever later, up to a minute; ours. */
const reopen = { minMs: 1000, maxMs: 60_000 };

export function createButton(options: {
  readonly config: ButtonConfig;
  readonly driver: GpioDriver;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: HealthCheck;
  readonly onBounces: (count: number) => void;
  /** The finger was felt: at the settled edge of a press, and again when a gesture is decided later than that. */
  readonly onFelt: () => void;
  readonly onGesture: (fired: FiredGesture) => void;
  readonly onCondition: () => void;
  /** An edge came in: `nextAt` may have changed. */
  readonly onEdge: () => void;
}): Button {
  const { config, driver, clock, log, health } = options;
  const { id, line, debounceMs } = config;

  let input: GpioInput | undefined;
  let level: DebounceState = unsettled;
  let levelNextAt: number | undefined;
  let gesture: GestureState = noGesture;
  let gestureNextAt: number | undefined;
  let failures = 0;
  let reopenAt: number | undefined;
  let condition: ButtonCondition = { pressed: false, stuck: false };

  const setCondition = (fault: string | undefined) => {
    const next: ButtonCondition = {
      pressed: level.settled ?? false,
      stuck: gesture.phase === 'stuck',
      ...(fault === undefined ? {} : { fault }),
    };
    const before = condition;
    if (next.pressed === before.pressed && next.stuck === before.stuck && next.fault === before.fault) return;
    condition = next;
    if (next.stuck && !before.stuck)
      log.warn(
        { button: id },
        `button ${id} has been held for ${config.stuckAfterMs} ms: ignored until it is released; look for a jammed button or a short circuit on line ${line}`,
      );
    options.onCondition();
  };

  const follow = (transition: Transition | undefined, now: number) => {
    const step = followGestures(gesture, transition, now, config);
    gesture = step.state;
    gestureNextAt = step.nextAt;
    if ((transition?.pressed === true && !transition.initial) || step.fired.length > 0) options.onFelt();
    for (const fired of step.fired) options.onGesture(fired);
  };

  const feed = (event: LevelEvent) => {
    const step = debounce(level, event, debounceMs);
    const bounces = step.state.bounces - level.bounces;
    level = step.state;
    levelNextAt = step.nextAt;
    if (bounces > 0) options.onBounces(bounces);
    for (const transition of step.transitions) follow(transition, transition.at);
  };

  // A button begins anew: what was held before must be released first.
  const reset = () => {
    level = unsettled;
    levelNextAt = undefined;
    gesture = noGesture;
    gestureNextAt = undefined;
  };

  const openPin = () => {
    reset();
    input = driver.openInput({
      line,
      pull: config.pull,
      activeLow: config.activeLow,
      onEdge: ({ pressed, at }) => {
        feed({ kind: 'edge', pressed, at });
        setCondition(condition.fault);
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
      log.warn(
        { err: error, button: id },
        `the pin of button ${id} could not be closed: ${messageOf(error)}`,
      );
    }
  };

  const fail = (error: unknown) => {
    failures += 1;
    const waitMs = backoffMs(failures, reopen, 0.5);
    reopenAt = clock.monotonic() + waitMs;
    closePin();
    reset();
    const fault = `line ${line} cannot be used: ${messageOf(error)}`;
    const message = `button ${id}: ${fault}; look at the wiring and at who else uses the line; opened again in ${waitMs / 1000} s`;
    log.error({ button: id }, message);
    health.bad(message);
    setCondition(fault);
  };

  const recovered = () => {
    failures = 0;
    reopenAt = undefined;
    log.info({ button: id }, `button ${id} can be read again`);
    health.ok(`reading line ${line}`);
  };

  const look = () => {
    // The time before the read: what is read then has held at least until this moment.
    const at = clock.monotonic();
    const pressed = input?.read() ?? false;
    feed({ kind: 'sample', pressed, at });
    follow(undefined, at);
    if (failures > 0) recovered();
    setCondition(undefined);
  };

  return {
    id,
    get condition() {
      return condition;
    },
    get settled() {
      return level.settled !== undefined;
    },
    get sampled() {
      return input?.edges === false;
    },
    get nextAt() {
      if (input === undefined) return reopenAt;
      const times = [levelNextAt, gestureNextAt].filter((time) => time !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    open: () => {
      openPin();
      look();
      health.ok(`reading line ${line}`);
    },
    poll: () => {
      if (input === undefined && (reopenAt === undefined || clock.monotonic() < reopenAt)) return;
      try {
        if (input === undefined) openPin();
        look();
      } catch (error) {
        fail(error);
      }
    },
    close: () => {
      closePin();
      reset();
      reopenAt = undefined;
    },
  };
}
