// The GPIO agent: turns presses of the buttons into messages and signals into LED patterns. Connects its parts to the link.
import { EventEmitter } from 'node:events';
import type { Registry } from 'prom-client';
import { buttonSignal } from '../messages/button.ts';
import { ledIdentify, ledSet } from '../messages/led.ts';
import { buttonResult } from '../messages/press.ts';
import type { ClockState } from '../messages/presence.ts';
import { workerAvailability } from '../messages/worker.ts';
import type { Clock } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Log } from '../service/log.ts';
import { createButton } from './button.ts';
import type { GpioDriver } from './drivers/driver.ts';
import { createKeySwitch } from './key-switch.ts';
import { createLedScheduler } from './led-scheduler.ts';
import { createLed } from './led.ts';
import type { Led, Surroundings } from './led.ts';
import { agentMetrics } from './metrics.ts';
import type { AgentConfig, AgentLink } from './options.ts';
import { createPresses } from './presses.ts';
import { createSampler } from './sampler.ts';
import { createSignals } from './signals.ts';
import { createStateTopics } from './state-topics.ts';
import { createUnseen } from './unseen.ts';

export interface GpioAgent {
  /**
   * Opens the pins. Resolves when presses count: once the buttons' first levels have settled.
   * @throws HardwareError when a pin cannot be opened; then nothing is left open
   */
  start(): Promise<void>;
  /** Switches the LEDs off and closes the pins. Call this before the link stops, because it also publishes that. */
  stop(): Promise<void>;
}

interface Events {
  /** Something has changed that LEDs depend on. */
  view: [];
  /** A finger is on the button. */
  felt: [button: string];
  /** An input has changed, or must be read more often from now on. */
  edge: [];
  /** The published state of the button has changed. */
  button: [button: string];
}

export function createGpioAgent(options: {
  readonly config: AgentConfig;
  readonly link: AgentLink;
  readonly driver: GpioDriver;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Registry;
  readonly version: string;
  readonly host: string;
  /** Fresh at each start of the process. */
  readonly instance: string;
  /** A press contains its time only if this returns `true`. */
  readonly clockSynchronised: () => ClockState;
  /** The time since the machine was started, including sleep. */
  readonly uptimeMs: () => number;
}): GpioAgent {
  const { config, link, driver, clock, log, health } = options;
  const agent = config.id;
  const metrics = agentMetrics(options.metrics, config);
  const signals = createSignals();
  const unseen = createUnseen({ clock, log, sampleMs: config.sampleMs, uptimeMs: options.uptimeMs });
  const events = new EventEmitter<Events>();
  let running = false;
  let subscribed = false;
  let unlisten: (() => void) | undefined;

  const refreshLeds = () => void events.emit('view');

  const presses = createPresses({
    agent,
    link,
    clock,
    log,
    metrics,
    resultTimeoutMs: config.resultTimeoutMs,
    clockSynchronised: options.clockSynchronised,
    workerOnline: (button) => signals.of(button)?.workerOnline === true,
    onChange: (button) => {
      events.emit('button', button);
      refreshLeds();
    },
  });
  const stateTopics = createStateTopics({ ...options, metrics, presses, unseen });

  const buttons = config.buttons.map((button) =>
    createButton({
      config: button,
      sampleMs: config.sampleMs,
      driver,
      clock,
      log,
      health: health.check(`button ${button.id}`, 'failing'),
      lineHealth: health.check(`line of button ${button.id}`, 'degraded'),
      onBounces: (count) => metrics.bounces(button.id, count),
      onLostEdges: (count) => {
        metrics.lostEdges(button.id, count);
        unseen.lostEdges(count);
      },
      onFelt: () => events.emit('felt', button.id),
      onGesture: (fired) => presses.send(button.id, fired),
      onCondition: (condition) => {
        metrics.stuck(button.id, condition.stuck);
        events.emit('button', button.id);
        refreshLeds();
      },
      onEdge: () => events.emit('edge'),
    }),
  );
  events.on('button', (id) => {
    const button = buttons.find((candidate) => candidate.id === id);
    if (running && button !== undefined) stateTopics.button(button);
  });

  const keySwitches = config.keySwitches.map((keySwitch) =>
    createKeySwitch({
      config: keySwitch,
      sampleMs: config.sampleMs,
      driver,
      link,
      clock,
      log,
      health: health.check(`key switch ${keySwitch.id}`, 'failing'),
      lineHealth: health.check(`line of key switch ${keySwitch.id}`, 'degraded'),
      onFault: refreshLeds,
      onLostEdges: (count) => unseen.lostEdges(count),
      onEdge: () => events.emit('edge'),
    }),
  );
  const inputs = [...buttons, ...keySwitches];

  const surroundings = (follows: string): Surroundings => {
    const signal = signals.of(follows);
    const { droppedAt, unanswered, refused } = presses.of(follows);
    return {
      connected: link.state.state === 'connected',
      ...(signal === undefined ? {} : { signal }),
      ...(droppedAt === undefined ? {} : { droppedAt }),
      unanswered,
      ...(refused === undefined ? {} : { refused }),
      faulty:
        buttons.some((button) => button.id === follows && button.condition.fault !== undefined) ||
        keySwitches.some((keySwitch) => keySwitch.button === follows && keySwitch.fault !== undefined),
    };
  };

  const leds: readonly Led[] = config.leds.map((led) =>
    createLed({
      config: led,
      driver,
      log,
      health: health.check(`LED ${led.id}`, 'degraded'),
      surroundings: () => surroundings(led.follows),
    }),
  );

  const scheduler = createLedScheduler({
    clock,
    leds,
    onRefresh: () => {
      for (const led of leds) if (led.shown !== undefined) stateTopics.led(led.id, led.shown);
    },
  });
  events.on('view', () => {
    if (running) scheduler.refresh();
  });
  events.on('felt', (button) => {
    for (const led of leds) if (led.follows === button) led.acknowledge(clock.monotonic());
    // The LED shows it at once. Its topic shows it only after the press was sent, so that the press goes first.
    scheduler.refresh({ quiet: true });
  });
  const sampler = createSampler({
    clock,
    inputs,
    sampleMs: config.sampleMs,
    onLook: () => scheduler.check(),
    onGap: (ms) => {
      metrics.gap(ms);
      unseen.gap(ms);
    },
  });

  events.on('edge', sampler.reschedule);

  const subscribe = () => {
    if (subscribed) return;
    subscribed = true;
    const own = config.buttons.map((button) => button.id);
    for (const button of new Set([...own, ...leds.map((led) => led.follows)]))
      link.subscribe(buttonSignal.filter({ button }), (message) => {
        if (signals.hear(button, message)) presses.signalChanged(button);
        refreshLeds();
      });
    for (const button of own)
      link.subscribe(buttonResult.filter({ button }), (message) => {
        if (message !== undefined) presses.hearResult(message);
      });
    link.subscribe(workerAvailability.filter(), (message, { params }) => {
      signals.hearWorker(params.worker, message);
      refreshLeds();
    });
    for (const led of leds) {
      const ignoresRetained = (retained: boolean, topic: string): boolean => {
        if (retained)
          log.warn({ topic }, `ignored a retained message on ${topic}, because its age is unknown; clear it`);
        return retained;
      };
      link.subscribe(ledSet.filter({ led: led.id }), (message, { retained, topic }) => {
        if (message === undefined || ignoresRetained(retained, topic)) return;
        led.set(message, clock.monotonic());
        refreshLeds();
      });
      link.subscribe(ledIdentify.filter({ led: led.id }), (_, { retained, topic }) => {
        if (ignoresRetained(retained, topic)) return;
        led.identify(clock.monotonic());
        refreshLeds();
      });
    }
  };

  const release = () => {
    running = false;
    unlisten?.();
    unlisten = undefined;
    stateTopics.stop();
    sampler.stop();
    presses.stop();
    scheduler.stop();
    for (const part of [...inputs, ...leds]) part.close();
    driver.close();
  };

  const start = async () => {
    if (running) return;
    try {
      driver.open();
      for (const part of [...leds, ...inputs]) part.open();
    } catch (error) {
      release();
      throw error;
    }
    running = true;
    subscribe();
    unlisten = link.onState(({ state }) => {
      if (state === 'connected') for (const keySwitch of keySwitches) keySwitch.connected();
      else signals.forget();
      refreshLeds();
    });
    for (const button of buttons) stateTopics.button(button);
    stateTopics.start();
    scheduler.refresh();
    sampler.start();
    await sampler.settled();
    log.info(
      { driver: driver.name, buttons: buttons.map(({ id }) => id), leds: leds.map(({ id }) => id) },
      `${buttons.length} button(s) and ${leds.length} LED(s) on the ${driver.name} driver`,
    );
  };

  const stop = () => {
    if (!running) return;
    release();
    for (const led of leds) stateTopics.led(led.id, { pattern: 'off', because: 'offline' });
  };

  return {
    start,
    stop: async () => stop(),
  };
}
