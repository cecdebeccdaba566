// `release-button unfreeze`: lifts all freezes, or only those of one button or of one source.
import { Option, type Command } from 'commander';
import { configureFreeze } from '../freeze-request.ts';

export async function configure(command: Command): Promise<void> {
  command.addOption(new Option('--reason <text>', 'why, for the journal'));
  await configureFreeze(command, {
    name: 'unfreeze',
    frozen: false,
    source: 'only the freezes of this source; without it, those of all sources',
    forSeconds: () => undefined,
  });
}
