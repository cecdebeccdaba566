// What `freeze` and `unfreeze` share: their options and the request.
import { Option, type Command } from 'commander';
import { freezeSet, workerFreezeSet, type FreezeRequest } from '../messages/freeze.ts';
import { addBy } from './by-option.ts';
import { configureRequest } from './worker-request.ts';

/**
 * @param source the help text of `--source`
 * @param forSeconds how long the freeze lasts; called after the command line is parsed
 */
export async function configureFreeze(
  command: Command,
  {
    name,
    frozen,
    source: about,
    forSeconds,
  }: { name: string; frozen: boolean; source: string; forSeconds: () => number | undefined },
): Promise<void> {
  command.addOption(new Option('--button <id>', 'only this button; without it, all buttons'));
  command.addOption(new Option('--source <id>', about));
  addBy(command);
  const textOf = (option: string): string | undefined => {
    const value: unknown = command.getOptionValue(option);
    return typeof value === 'string' ? value : undefined;
  };
  await configureRequest(command, {
    name,
    codec: freezeSet.codec,
    address: (worker) => (worker === undefined ? freezeSet.at({}) : workerFreezeSet.at({ worker })),
    worker: 'only the buttons of this worker; without it, the buttons of all workers',
    message: (id): FreezeRequest => {
      const [button, source, reason, by] = ['button', 'source', 'reason', 'by'].map(textOf);
      const duration = forSeconds();
      return {
        id,
        frozen,
        ...(button === undefined ? {} : { button }),
        ...(source === undefined ? {} : { source }),
        ...(reason === undefined ? {} : { reason }),
        ...(by === undefined ? {} : { by }),
        ...(duration === undefined ? {} : { forSeconds: duration }),
      };
    },
    button: () => textOf('button'),
    hint: `A slow worker may still ${name} later: \`release-button watch\` shows all freezes`,
  });
}
