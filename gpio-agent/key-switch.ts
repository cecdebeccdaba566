// One key switch. The agent publishes when somebody turns it: an event, never a state. A key that is found turned on at the
// start is not reported until it is turned off and on again.
import { buttonArm } from '../messages/button.ts';
import type { Clock } from '../service/clock.ts';
import type { HealthCheck } from '../service/health.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import type { GpioDriver } from './drivers/driver.ts';
import { settleTimesOf } from './options.ts';
import type { AgentLink, KeySwitchConfig } from './options.ts';
import type { Polled } from './sampler.ts';
import { createSettledInput } from './settled-input.ts';

export interface KeySwitch extends Polled {
  readonly id: string;
  /** The button whose topic says that the key was turned. */
  readonly button: string;
  readonly fault: string | undefined;
  /** The link has connected. A key that is off reports that again, because its last message may have been lost. */
  connected(): void;
  /** @throws HardwareError when the pin cannot be opened */
  open(): void;
  /** Publishes `off` if it last published `on`. Call this before the link stops. */
  close(): void;
}

export function createKeySwitch(options: {
  readonly config: KeySwitchConfig;
  readonly sampleMs: number;
  readonly driver: GpioDriver;
  readonly link: Pick<AgentLink, 'publishNow'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: HealthCheck;
  readonly lineHealth: HealthCheck;
  /** `fault` has changed. */
  readonly onFault: () => void;
  readonly onLostEdges: (count: number) => void;
  readonly onEdge: () => void;
}): KeySwitch {
  const { config, link, log } = options;
  const { id, button } = config;
  let saidOn = false;
  let fault: string | undefined;

  const send = async (word: 'on' | 'off') => {
    let outcome: string;
    try {
      outcome = await link.publishNow(buttonArm.at({ button }), word);
    } catch (error) {
      outcome = messageOf(error);
    }
    if (outcome === 'acknowledged') log.info({ keySwitch: id, button }, `key switch ${id}: ${word}`);
    else
      log.warn(
        { keySwitch: id, button, reason: outcome },
        word === 'on'
          ? `key switch ${id} was turned on, but the broker did not accept the message (${outcome}); turn the key off and on again once the light no longer shows offline`
          : `key switch ${id} is off, but the broker did not accept the message (${outcome}); the agent sends it again after the next connect`,
      );
  };

  const turn = (on: boolean) => {
    if (saidOn === on) return;
    saidOn = on;
    void send(on ? 'on' : 'off');
  };

  const input = createSettledInput({
    name: `key switch ${id}`,
    config,
    times: settleTimesOf(config),
    sampleMs: options.sampleMs,
    driver: options.driver,
    clock: options.clock,
    log,
    health: options.health,
    lineHealth: options.lineHealth,
    onBounces: () => undefined,
    onLostEdges: options.onLostEdges,
    onTransition: ({ pressed, initial }) => {
      if (pressed && initial)
        log.warn(
          { keySwitch: id },
          `key switch ${id} was already on when the agent began to read it, which does not count; turn it off and on again`,
        );
      turn(pressed && !initial);
    },
    onLook: () => {
      if (fault === input.fault) return;
      ({ fault } = input);
      options.onFault();
    },
    // The line is lost or closed, so the state of the key is unknown.
    onReset: () => turn(false),
    onEdge: options.onEdge,
  });

  return {
    id,
    button,
    get fault() {
      return fault;
    },
    get settled() {
      return input.settled;
    },
    get sampled() {
      return input.sampled;
    },
    get nextAt() {
      return input.nextAt;
    },
    connected: () => {
      if (!saidOn) void send('off');
    },
    open: () => input.open(),
    poll: () => input.poll(),
    close: () => input.close(),
  };
}
