// `release-button terminate`: ends running releases.
import { Option, type Command } from 'commander';
import { releaseTerminate } from '../../messages/release.ts';
import { usageError } from '../exit.ts';
import type { OnlineWorker } from '../known-workers.ts';
import { configureRequest } from '../worker-request.ts';

export async function configure(command: Command): Promise<void> {
  command
    .addOption(
      new Option('--app <ns/name>', 'end only the sync of this application; without it, the whole release'),
    )
    .addHelpText(
      'after',
      '\nNo further syncs are sent. Argo CD terminates the running syncs; what it has already applied stays.',
    );
  await configureRequest(command, {
    name: 'terminate',
    codec: releaseTerminate.codec,
    address: (worker = '') => releaseTerminate.at({ worker }),
    worker: 'the worker whose release ends; without it, the only worker, or the only one that is releasing',
    chooseWorker: (workers) => choose(workers, (problem) => command.error(problem, { exitCode: usageError })),
    message: (id) => {
      const app: unknown = command.getOptionValue('app');
      return { id, ...(typeof app === 'string' ? { app } : {}) };
    },
    hint: 'A slow worker may still end the release later: `release-button watch` shows it',
  });
}

/** @param workers at least one */
function choose(workers: readonly OnlineWorker[], fail: (problem: string) => never): string {
  const candidates = workers.length === 1 ? workers : workers.filter(({ isReleasing }) => isReleasing);
  const [only, ...others] = candidates;
  const named = (some: readonly OnlineWorker[]) => some.map(({ id }) => id).join(', ');
  if (only === undefined)
    return fail(
      `no worker is releasing. To end syncs that an earlier release has left running, name its worker with --worker: ${named(workers)}`,
    );
  return others.length === 0
    ? only.id
    : fail(`several workers are releasing. Name one with --worker: ${named(candidates)}`);
}
