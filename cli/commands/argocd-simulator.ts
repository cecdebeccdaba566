// `release-button argocd-simulator`: the simulated Argo CD alone.
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { addConfigFlags } from '../flags.ts';
import { processSections } from '../processes.ts';
import { run } from '../run.ts';
import { simulatorPart } from '../simulator.ts';

export async function configure(command: Command): Promise<void> {
  const sections = processSections['argocd-simulator'];
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const { config, ...about } = await loadConfig({
      sections,
      ...given(),
    });
    await run({
      name: 'argocd-simulator',
      config,
      ...about,
      parts: ({ log }) => [simulatorPart(config.simulator, log.child({ part: 'simulator' }))],
    });
  });
}
