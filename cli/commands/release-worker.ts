// `release-button release-worker`: runs only the worker. It needs the URL of a broker and the address of an Argo CD.
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { workerPart } from '../../release-worker/main.ts';
import { argocdNeeds } from '../argocd-needs.ts';
import { addConfigFlags } from '../flags.ts';
import { processSections } from '../processes.ts';
import { run } from '../run.ts';

export async function configure(command: Command): Promise<void> {
  const sections = processSections['release-worker'];
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const { config, secretFiles, ...about } = await loadConfig({
      sections,
      ...argocdNeeds,
      ...given(),
    });
    await run({
      name: 'release-worker',
      config,
      ...about,
      parts: (context) => [workerPart({ config, secretFiles, server: () => config.argocd.server }, context)],
    });
  });
}
