// One button: turns its settled levels into gestures, and reports its state.
import type { Clock } from '../service/clock.ts';
import type { HealthCheck } from '../service/health.ts';
import type { Log } from '../service/log.ts';
import type { Transition } from './debounce.ts';
import type { GpioDriver } from './drivers/driver.ts';
import { followGestures, noGesture } from './gestures.ts';
import type { FiredGesture, GestureState } from './gestures.ts';
import { settleTimesOf } from './options.ts';
import type { ButtonConfig } from './options.ts';
import type { Polled } from './sampler.ts';
import { createSettledInput } from './settled-input.ts';

interface ButtonCondition {
  readonly pressed: boolean;
  readonly stuck: boolean;
  readonly fault?: string;
}

export interface Button extends Polled {
  readonly id: string;
  readonly condition: ButtonCondition;
  /** @throws HardwareError when the pin cannot be opened */
  open(): void;
  close(): void;
}

export function createButton(options: {
  readonly config: ButtonConfig;
  readonly sampleMs: number;
  readonly driver: GpioDriver;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: HealthCheck;
  readonly lineHealth: HealthCheck;
  readonly onBounces: (count: number) => void;
  readonly onLostEdges: (count: number) => void;
  /** Called when a person must see that the press was felt: at the settled press, and again when a gesture is decided later. */
  readonly onFelt: () => void;
  readonly onGesture: (fired: FiredGesture) => void;
  readonly onCondition: (condition: ButtonCondition) => void;
  /** An edge arrived: `nextAt` may have changed. */
  readonly onEdge: () => void;
}): Button {
  const { config, log } = options;
  const { id } = config;
  let gesture: GestureState = noGesture;
  let gestureNextAt: number | undefined;
  let condition: ButtonCondition = { pressed: false, stuck: false };

  const updateCondition = () => {
    const { pressed, fault } = input;
    const stuck = gesture.phase === 'stuck';
    const before = condition;
    if (pressed === before.pressed && stuck === before.stuck && fault === before.fault) return;
    condition = { pressed, stuck, ...(fault === undefined ? {} : { fault }) };
    if (stuck && !before.stuck)
      log.warn(
        { button: id },
        `button ${id} has been held for ${config.stuckAfterMs} ms: ignored until it is released; look for a jammed button or a short circuit on line ${config.line}`,
      );
    options.onCondition(condition);
  };

  const follow = (transition: Transition | undefined, now: number) => {
    const step = followGestures(gesture, transition, now, config);
    gesture = step.state;
    gestureNextAt = step.nextAt;
    if ((transition?.pressed === true && !transition.initial) || step.fired.length > 0) options.onFelt();
    for (const fired of step.fired) options.onGesture(fired);
  };

  // A press and a release have different settle times. So gestures use the times at which the levels began, each plus the
  // settle time of a press.
  const edgeOf = (transition: Transition): Transition => ({
    ...transition,
    at: transition.since + config.debounceMs,
  });

  /** A release that is still settling counts from its beginning. So nothing that falls due after that can be decided yet. */
  const decidableUntil = (now: number) =>
    Math.min(now, (input.leavingSince ?? Number.POSITIVE_INFINITY) + config.debounceMs);

  const input = createSettledInput({
    name: `button ${id}`,
    config,
    times: settleTimesOf(config),
    sampleMs: options.sampleMs,
    driver: options.driver,
    clock: options.clock,
    log,
    health: options.health,
    lineHealth: options.lineHealth,
    onBounces: options.onBounces,
    onLostEdges: options.onLostEdges,
    onTransition: (transition) => {
      const edge = edgeOf(transition);
      follow(edge, edge.at);
    },
    onLook: (now) => {
      if (gestureNextAt !== undefined) follow(undefined, decidableUntil(now));
      updateCondition();
    },
    onReset: () => {
      if (gesture.phase === 'undecided' || gesture.phase === 'between')
        log.warn(
          { button: id },
          `a press of button ${id} was discarded: its line was lost before the gesture was decided`,
        );
      gesture = noGesture;
      gestureNextAt = undefined;
    },
    onEdge: () => {
      updateCondition();
      options.onEdge();
    },
  });

  return {
    id,
    get condition() {
      return condition;
    },
    get settled() {
      return input.settled;
    },
    get sampled() {
      return input.sampled;
    },
    get nextAt() {
      const { nextAt = Number.POSITIVE_INFINITY } = input;
      const gestureAt = gestureNextAt ?? Number.POSITIVE_INFINITY;
      const soonest = Math.min(
        nextAt,
        decidableUntil(gestureAt) < gestureAt ? Number.POSITIVE_INFINITY : gestureAt,
      );
      return soonest === Number.POSITIVE_INFINITY ? undefined : soonest;
    },
    open: () => input.open(),
    poll: () => input.poll(gestureNextAt === undefined),
    close: () => input.close(),
  };
}
