// `release-button terminate`: ends running releases.
import { Option, type Command } from 'commander';
import { releaseTerminate } from '../../messages/release.ts';
import { usageError } from '../exit.ts';
import type { OnlineWorker } from '../online-workers.ts';
import { configureRequest } from '../worker-request.ts';

export async function configure(command: Command): Promise<void> {
  command
    .addOption(new Option('--app <ns/name>', 'only this application; without it everything that is running'))
    .addHelpText(
      'after',
      '\nWhat was not sent yet stays so; what runs is terminated in Argo CD, which leaves what it has applied by then.',
    );
  await configureRequest(command, {
    name: 'terminate',
    codec: releaseTerminate.codec,
    address: (worker = '') => releaseTerminate.at({ worker }),
    worker: 'what this worker releases; without it the only worker, or the only one that is releasing',
    chooseWorker: (workers) => choose(workers, (problem) => command.error(problem, { exitCode: usageError })),
    message: (id) => {
      const app: unknown = command.getOptionValue('app');
      return { id, ...(typeof app === 'string' ? { app } : {}) };
    },
    hint: 'A worker that is only slow may still end it; `release-button watch` shows what happens',
  });
}

/** @param workers at least one */
function choose(workers: readonly OnlineWorker[], fail: (problem: string) => never): string {
  const candidates = workers.length === 1 ? workers : workers.filter(({ isReleasing }) => isReleasing);
  const [only, ...others] = candidates;
  const named = (some: readonly OnlineWorker[]) => some.map(({ id }) => id).join(', ');
  if (only === undefined)
    return fail(
      `no worker is releasing. To end what an earlier release has left, name its worker with --worker: ${named(workers)}`,
    );
  return others.length === 0
    ? only.id
    : fail(`several workers are releasing. Name one with --worker: ${named(candidates)}`);
}
