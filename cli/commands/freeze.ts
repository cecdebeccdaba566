// `release-button freeze`: stops all releases until the freeze is lifted or expires.
import { Option, type Command } from 'commander';
import { personSource } from '../../messages/freeze.ts';
import { durationForms, parseDuration } from '../duration.ts';
import { usageError } from '../exit.ts';
import { configureFreeze } from '../freeze-request.ts';

export async function configure(command: Command): Promise<void> {
  command
    .addOption(
      new Option(
        '--reason <text>',
        'why; the result of each refused press shows this text',
      ).makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--for <duration>',
        'how long, for example 90s, 30m, 2h or 1d; without it, until `unfreeze`',
      ),
    )
    .addHelpText(
      'after',
      '\nThe result of each refused press names the reason and the person. A running release continues; `terminate` ends it.\nA freeze continues after a restart of the worker.',
    );
  await configureFreeze(command, {
    name: 'freeze',
    frozen: true,
    source: `who or what freezes, such as a script or an alert. A freeze replaces only an earlier freeze of the same source and button (default: ${personSource})`,
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
