// The `info` message of the agent.
import type { AgentInfo } from '../messages/agent.ts';
import type { ClockState } from '../messages/presence.ts';
import { toTime } from '../messages/time.ts';
import type { Clock } from '../service/clock.ts';
import type { GpioDriver } from './drivers/driver.ts';
import type { AgentConfig } from './options.ts';
import type { LastHour } from './unseen.ts';

export function infoOf(options: {
  readonly config: AgentConfig;
  readonly driver: Pick<GpioDriver, 'name' | 'simulated'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
  readonly host: string;
  readonly instance: string;
  readonly clockSynchronised: () => ClockState;
  readonly unseen: LastHour;
}): AgentInfo {
  const { config, driver } = options;
  return {
    agent: config.id,
    ...(config.title === undefined ? {} : { title: config.title }),
    version: options.version,
    host: options.host,
    instance: options.instance,
    clock: { synchronised: options.clockSynchronised() },
    simulated: driver.simulated,
    at: toTime(options.clock.now()),
    driver: driver.name,
    buttons: config.buttons.map(({ id, title, gestures, holdMs }) => ({
      id,
      ...(title === undefined ? {} : { title }),
      gestures: [...gestures],
      holdMs,
    })),
    leds: config.leds.map(({ id, follows }) => ({ id, follows })),
    unseen: options.unseen,
  };
}
