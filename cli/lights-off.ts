// Switches the lights off after a GPIO agent has ended. People run it on a terminal, and systemd runs it as ExecStopPost.
import type { Config } from '../config/sections.ts';
import { selectDriver } from '../gpio-agent/drivers/select.ts';
import { lightsOff } from '../gpio-agent/lights-off.ts';
import { systemClock } from '../service/clock.ts';
import { silentLog } from '../service/log.ts';
import { print } from './exit.ts';

/** @returns whether every light is off. @throws HardwareError when no driver can be used */
export async function switchLightsOff({ agent }: Pick<Config, 'agent'>): Promise<boolean> {
  // The result is printed, so the driver does not need to log.
  const selected = await selectDriver({ config: agent, clock: systemClock(), log: silentLog() });
  return lightsOff({ ...selected, leds: agent.leds, print });
}
