// Composition root of the home-assistant service.
import type { Config } from '../config/sections.ts';
import type { Context } from '../service/context.ts';
import type { Part } from '../service/life-cycle.ts';
import { linkFromConfig } from '../service/link/from-config.ts';
import { lockStateDirectory } from '../service/state-lock.ts';
import { createStops } from '../service/stops.ts';
import { createAnnouncedFile } from './announced-file.ts';
import { wordOf } from './names.ts';
import { createHomeAssistant } from './service.ts';

export interface HomeAssistantPartOptions {
  readonly config: Pick<Config, 'mqtt' | 'homeAssistant'>;
  /** where the embedded broker of this process listens, once started */
  readonly brokerUrl?: () => string | undefined;
}

export function homeAssistantPart({ config, brokerUrl }: HomeAssistantPartOptions, context: Context): Part {
  const { clock, health, metrics, version, host, instance } = context;
  const log = context.log.child({ part: 'home-assistant' });
  const stops = createStops();

  return {
    name: 'home-assistant',
    start: async () => {
      const lock = await lockStateDirectory({
        stateDir: config.homeAssistant.stateDir,
        // One lock for each topic prefix, because each prefix has a file of its own.
        name: `home-assistant.${wordOf(config.mqtt.topicPrefix)}.lock`,
        setting: 'homeAssistant.stateDir',
        host,
        log,
      });
      stops.add(() => lock.release());
      const file = createAnnouncedFile(config.homeAssistant.stateDir, config.mqtt.topicPrefix, log, {
        clock,
        health,
      });
      stops.add(() => file.settled());
      const announced = await file.read();
      const url = brokerUrl?.();
      // A fresh id, because two machines may run this with the same configuration. Both announce the same.
      const link = linkFromConfig(
        {
          mqtt: config.mqtt,
          role: 'home-assistant',
          id: instance.slice(0, 8),
          ...(url === undefined ? {} : { url }),
        },
        { ...context, log },
      );
      stops.add(() => link.stop());
      const service = createHomeAssistant({
        config: config.homeAssistant,
        link,
        prefix: config.mqtt.topicPrefix,
        version,
        clock,
        log,
        health,
        metrics,
        announced,
        file,
      });
      stops.add(() => service.stop());
      service.start();
      link.start();
    },
    stop: () => stops.run(),
  };
}
