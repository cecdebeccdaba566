// Composition root of the GPIO agent.
import { uptime } from 'node:os';
import type { Config } from '../config/sections.ts';
import { agentAvailability, agentInfo } from '../messages/agent.ts';
import type { Context } from '../service/context.ts';
import type { Part } from '../service/life-cycle.ts';
import { linkFromConfig } from '../service/link/from-config.ts';
import { createStops } from '../service/stops.ts';
import { createGpioAgent } from './agent.ts';
import { selectDriver } from './drivers/select.ts';

export interface AgentPartOptions {
  readonly config: Pick<Config, 'mqtt' | 'agent'>;
  /** The address of the embedded broker in this process, after its start */
  readonly brokerUrl?: () => string | undefined;
}

export function agentPart({ config, brokerUrl }: AgentPartOptions, context: Context): Part {
  const { clock, health, metrics, version, host, instance, clockSync } = context;
  const log = context.log.child({ part: 'agent' });
  const agent = config.agent.id;
  const stops = createStops();

  return {
    name: 'gpio-agent',
    start: async () => {
      const { driver } = await selectDriver({
        config: config.agent,
        clock,
        log,
        keyboard: {
          input: process.stdin,
          // In raw mode Ctrl-C is an ordinary key. This turns it back into the signal that the life cycle waits for.
          onInterrupt: () => process.kill(process.pid, 'SIGINT'),
        },
      });
      const url = brokerUrl?.();
      const link = linkFromConfig(
        {
          mqtt: config.mqtt,
          role: 'agent',
          id: agent,
          presence: {
            availability: agentAvailability.at({ agent }),
            availabilityFilter: agentAvailability.filter({ agent }),
            infoFilter: agentInfo.filter({ agent }),
          },
          ...(url === undefined ? {} : { url }),
        },
        { ...context, log },
      );
      stops.add(() => link.stop());
      const gpio = createGpioAgent({
        config: config.agent,
        link,
        driver,
        clock,
        log,
        health,
        metrics,
        version,
        host,
        instance,
        clockSynchronised: () => clockSync.state(),
        uptimeMs: () => uptime() * 1000,
      });
      stops.add(() => gpio.stop());
      await gpio.start();
      link.start();
    },
    stop: () => stops.run(),
  };
}
