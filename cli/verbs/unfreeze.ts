// `release-button unfreeze`: lifts every freeze, or that of one button.
import type { Command } from 'commander';
import { Option } from 'commander';
import { configureFreeze } from '../freezing.ts';

export async function configure(command: Command): Promise<void> {
  command.addOption(new Option('--reason <text>', 'why, for the journal'));
  await configureFreeze(command, { verb: 'unfreeze', frozen: false, forSeconds: () => undefined });
}
