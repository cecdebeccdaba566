// The GPIO agent: fingers to presses, signals to LEDs. Wires buttons, LEDs, presses and the link together.
import type { Registry } from 'prom-client';
import { agentInfo } from '../messages/agent.ts';
import { buttonSignal, buttonState } from '../messages/button.ts';
import { ledIdentify, ledSet, ledState } from '../messages/led.ts';
import { buttonResult } from '../messages/press.ts';
import type { ClockState } from '../messages/presence.ts';
import { toTime } from '../messages/time.ts';
import { workerAvailability } from '../messages/worker.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Log } from '../service/log.ts';
import { createButton } from './button.ts';
import type { GpioDriver } from './drivers/driver.ts';
import { infoOf } from './info.ts';
import { createKeySwitch } from './key-switch.ts';
import { createLedScheduler } from './led-scheduler.ts';
import { createLed } from './led.ts';
import type { Led, Surroundings } from './led.ts';
import { patternInWords } from './light.ts';
import type { Shown } from './light.ts';
import { agentMetrics } from './metrics.ts';
import type { AgentConfig, AgentLink } from './options.ts';
import { createPresses } from './presses.ts';
import { createSampler } from './sampler.ts';
import { createSignals } from './signals.ts';
import { createUnseen } from './unseen.ts';

export interface GpioAgent {
  /**
   * Opens the pins. Resolves when presses count: once the buttons' first levels have settled.
   * @throws HardwareError when a pin cannot be opened; then nothing is left open
   */
  start(): Promise<void>;
  /** LEDs off, pins given back. To be called while the link is still there, so that it can say so. */
  stop(): Promise<void>;
}

/** From the contract: `info` every minute. */
const infoEveryMs = 60_000;

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
  /** Only `true` lets presses carry their time. */
  readonly clockSynchronised: () => ClockState;
  /** Since the machine was started, its sleep included. */
  readonly uptimeMs: () => number;
}): GpioAgent {
  const { config, link, driver, clock, log, health } = options;
  const agent = config.id;
  const metrics = agentMetrics(options.metrics, config);
  const signals = createSignals();
  const unseen = createUnseen({ clock, log, sampleMs: config.sampleMs, uptimeMs: options.uptimeMs });
  const published = new Map<string, Shown>();
  let running = false;
  let subscribed = false;
  let infoTimer: Timer | undefined;
  let unlisten: (() => void) | undefined;

  const refreshLeds = () => {
    if (running) scheduler.refresh();
  };

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
      publishButton(button);
      refreshLeds();
    },
  });

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
      onFelt: () => {
        for (const led of leds) if (led.follows === button.id) led.acknowledge(clock.monotonic());
        // Lit at once; said on its topic only after the press is on its way.
        scheduler.refresh({ quiet: true });
      },
      onGesture: (fired) => presses.send(button.id, fired),
      onCondition: (condition) => {
        metrics.stuck(button.id, condition.stuck);
        publishButton(button.id);
        refreshLeds();
      },
      onEdge: () => sampler.reschedule(),
    }),
  );

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
      onEdge: () => sampler.reschedule(),
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

  const publishLed = (id: string, { pattern, because, signal }: Shown) => {
    const before = published.get(id);
    if (before?.pattern === pattern && before.because === because && before.signal === signal) return;
    published.set(id, { pattern, because, ...(signal === undefined ? {} : { signal }) });
    // The flash at every press hides for a moment what the light says, and is nothing that it says.
    if (because !== 'acknowledge') metrics.lightOffline(id, because === 'offline');
    // The flash at every press is no news; on a terminal this line is the light of the simulated driver.
    if (because !== 'acknowledge')
      log.info(
        { led: id, because },
        `LED ${id}: ${patternInWords({ pattern, because })} (${signal ?? because})`,
      );
    link.publish(ledState.at({ led: id }), {
      agent,
      pattern,
      because,
      ...(signal === undefined ? {} : { signal }),
      at: toTime(clock.now()),
    });
  };

  const scheduler = createLedScheduler({
    clock,
    leds,
    onRefresh: () => {
      for (const led of leds) if (led.shown !== undefined) publishLed(led.id, led.shown);
    },
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

  const publishButton = (id: string) => {
    const button = buttons.find((candidate) => candidate.id === id);
    if (button === undefined || !running) return;
    const { presses: count, droppedPresses, lastPressAt } = presses.of(id);
    link.publish(buttonState.at({ button: id }), {
      agent,
      ...button.condition,
      presses: count,
      droppedPresses,
      ...(lastPressAt === undefined ? {} : { lastPressAt }),
    });
  };

  const publishInfo = () => {
    const sleptMs = unseen.slept();
    if (sleptMs > 0) metrics.gap(sleptMs);
    link.publish(agentInfo.at({ agent }), infoOf({ ...options, unseen: unseen.lastHour() }));
    infoTimer = clock.setTimeout(publishInfo, infoEveryMs);
  };

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
          log.warn({ topic }, `ignored a retained message on ${topic}: nobody knows how old it is; clear it`);
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
    infoTimer?.cancel();
    infoTimer = undefined;
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
    for (const button of buttons) publishButton(button.id);
    publishInfo();
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
    for (const led of leds) publishLed(led.id, { pattern: 'off', because: 'offline' });
  };

  return {
    start,
    stop: async () => stop(),
  };
}
