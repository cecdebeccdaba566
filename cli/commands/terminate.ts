// `release-button terminate`: ends running releases.
import { Option, type Command } from 'commander';
import { releaseTerminate } from '../../messages/release.ts';
import { configureRequest } from '../worker-request.ts';

export async function configure(command: Command): Promise<void> {
  command
    .addOption(new Option('--worker <id>', 'the worker that releases').default('main'))
    .addOption(new Option('--app <ns/name>', 'only this application; without it everything that is running'))
    .addHelpText(
      'after',
      '\nWhat was not sent yet stays so; what runs is terminated in Argo CD, which leaves what it has applied by then.',
    );
  await configureRequest(command, {
    name: 'terminate',
    channel: releaseTerminate,
    address: () => ({ worker: String(command.getOptionValue('worker')) }),
    message: (id) => {
      const app: unknown = command.getOptionValue('app');
      return { id, ...(typeof app === 'string' ? { app } : {}) };
    },
    hint: 'The worker that releases is named by --worker',
  });
}
