// `release-button broker`: the embedded MQTT broker alone.
import type { Command } from 'commander';
import { brokerPart } from '../../broker/main.ts';
import { loadConfig } from '../../config/load.ts';
import { addConfigFlags } from '../flags.ts';
import { processSections } from '../processes.ts';
import { run } from '../run.ts';

export async function configure(command: Command): Promise<void> {
  const sections = processSections.broker;
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const { config, ...about } = await loadConfig({
      sections,
      ...given(),
    });
    await run({
      name: 'broker',
      config,
      ...about,
      parts: (context) => [brokerPart(config.broker, context)],
    });
  });
}
