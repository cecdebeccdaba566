// `release-button freeze`: stops all releases until the freeze is lifted or expires.
import { Option, type Command } from 'commander';
import { personSource } from '../../messages/freeze.ts';
import { durationForms, parseDuration } from '../duration.ts';
import { usageError } from '../exit.ts';
import { configureFreeze } from '../freeze-request.ts';

export async function configure(command: Command): Promise<void> {
  command
    .addOption(new Option('--reason <text>', 'why; people who press meanwhile read it').makeOptionMandatory())
    .addOption(new Option('--for <duration>', 'how long: 90s, 30m, 2h, 1d; without it until `unfreeze`'))
    .addHelpText(
      'after',
      '\nPresses are answered with the reason and who froze; what runs already goes on (`terminate` ends it).\nA freeze outlives restarts of the worker.',
    );
  await configureFreeze(command, {
    name: 'freeze',
    frozen: true,
    source: `whose freeze it is, for what runs by itself; without it "${personSource}". It replaces an earlier one of the same source, and leaves those of others alone`,
    forSeconds: () => {
      const text: unknown = command.getOptionValue('for');
      if (typeof text !== 'string') return undefined;
      const ms = parseDuration(text);
      if (ms === undefined)
        return command.error(`--for ${text}: must be ${durationForms}`, { exitCode: usageError });
      return ms / 1_000;
    },
  });
}
