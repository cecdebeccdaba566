// Plays a modelled signal to the agent's own button: its real code and timers, on a clock that shows the time of the model.
import { schemaOf } from '../../config/setting.ts';
import { agent as agentSection } from '../../config/sections/agent.ts';
import { createButton } from '../../gpio-agent/button.ts';
import type { GpioDriver, InputOptions } from '../../gpio-agent/drivers/driver.ts';
import { createSampler } from '../../gpio-agent/sampler.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import { silentLog } from '../../service/log.ts';
import { between, randomFrom } from './random.ts';
import type { Signal } from './signals.ts';

/** How late a timer of Node fires on an idle machine, in milliseconds. */
const lateMs = 0.3;

interface ModelClock extends Clock {
  /** Runs the timers that are due before `at`, then sets the time to `at`. */
  until(at: number): void;
}

function modelClock(seed: number): ModelClock {
  const random = randomFrom(seed);
  const timers = new Set<{ at: number; readonly fn: () => void }>();
  let now = 0;
  const set = (fn: () => void, ms: number): Timer => {
    const timer = { at: now + ms + between(random, 0, lateMs), fn };
    timers.add(timer);
    return { cancel: () => void timers.delete(timer) };
  };
  return {
    now: () => now,
    monotonic: () => now,
    setTimeout: set,
    setInterval: (fn, ms) => {
      let timer = set(function again() {
        timer = set(again, ms);
        fn();
      }, ms);
      return { cancel: () => timer.cancel() };
    },
    until: (at) => {
      for (;;) {
        let next: { at: number; readonly fn: () => void } | undefined;
        for (const timer of timers)
          if (timer.at <= at && (next === undefined || timer.at < next.at)) next = timer;
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.fn();
      }
      now = Math.max(now, at);
    },
  };
}

export interface Played {
  /** When presses were sent. For a signal of double presses: when double presses were sent. */
  readonly at: readonly number[];
  readonly faults: readonly string[];
}

/**
 * Plays a signal to a button.
 * @param edges true: a driver with edges; false: a driver that samples
 * @param settings settings of the button that differ from the defaults
 */
export function playOurs(
  signal: Signal,
  edges: boolean,
  settings: Readonly<Record<string, unknown>> = {},
): Played {
  const clock = modelClock(42);
  const gesture = signal.double === true ? 'double' : 'press';
  const config = schemaOf(agentSection.settings).parse({
    buttons: [{ gestures: signal.double === true ? ['press', 'double'] : ['press'], ...settings }],
  });
  const [button] = config.buttons;
  if (button === undefined) throw new Error('no button is configured');
  let pressed = false;
  let input: InputOptions | undefined;
  const unused = () => {
    throw new Error('the button must not use this');
  };
  const driver: GpioDriver = {
    name: 'model',
    simulated: true,
    open: () => undefined,
    openInput: (options) => {
      input = options;
      return { where: 'a model', edges, read: () => pressed, close: () => undefined };
    },
    openOutput: unused,
    close: () => undefined,
  };
  const quiet = { ok: () => undefined, bad: () => undefined };
  const at: number[] = [];
  const faults: string[] = [];
  const agent = createButton({
    config: button,
    sampleMs: config.sampleMs,
    driver,
    clock,
    log: silentLog(),
    health: quiet,
    lineHealth: { ...quiet, bad: (message) => void faults.push(message) },
    onBounces: () => undefined,
    onLostEdges: () => undefined,
    onFelt: () => undefined,
    onGesture: (fired) => {
      if (fired.gesture === gesture) at.push(clock.monotonic());
    },
    onCondition: () => undefined,
    onEdge: () => sampler.reschedule(),
  });
  const sampler = createSampler({
    clock,
    inputs: [agent],
    sampleMs: config.sampleMs,
    onLook: () => undefined,
    onGap: () => undefined,
  });
  agent.open();
  sampler.start();
  for (const change of signal.changes()) {
    clock.until(change);
    pressed = !pressed;
    if (edges) input?.onEdge({ pressed, at: change });
  }
  clock.until(signal.endMs);
  sampler.stop();
  agent.close();
  return { at, faults };
}
