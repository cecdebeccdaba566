// `release-button gpio-agent`: buttons and lights alone, on the machine that has the pins.
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { agentPart } from '../../gpio-agent/main.ts';
import { addConfigFlags } from '../flags.ts';
import { healthPorts, processSections } from '../processes.ts';
import { run } from '../run.ts';

export async function configure(command: Command): Promise<void> {
  const sections = processSections['gpio-agent'];
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const { config, ...about } = await loadConfig({
      sections,
      cwd: process.cwd(),
      env: process.env,
      ...given(),
    });
    await run({
      name: 'gpio-agent',
      config,
      healthPort: healthPorts['gpio-agent'],
      ...about,
      parts: (context) => [agentPart({ config }, context)],
    });
  });
}
