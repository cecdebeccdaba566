// `release-button press [button]`: one press, and what came of it.
import { Option } from 'commander';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { gestures, gestureSchema } from '../../messages/gesture.ts';
import { idPattern } from '../../messages/ids.ts';
import { withBroker } from '../asking.ts';
import { usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { addBy } from '../who.ts';
import { addOnly, pressAndTell, readBy, readOnly } from '../pressing.ts';

export async function configure(command: Command): Promise<void> {
  command.addOption(
    new Option('--gesture <gesture>', 'what the finger does').choices(gestures).default('press'),
  );
  addOnly(command, 'release');
  addBy(command);
  command.addHelpText(
    'after',
    '\nExit codes: 0 accepted · 4 rejected · 5 nothing to release · 6 no answer within 5 s',
  );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);

  command.action(async (named: unknown) => {
    const button = typeof named === 'string' ? named : 'main';
    if (!idPattern.test(button))
      return command.error(`${JSON.stringify(button)} is no id of a button`, { exitCode: usageError });
    const only = readOnly(command);
    const by = readBy(command);
    const gesture = gestureSchema.parse(command.getOptionValue('gesture'));
    const { config } = await loadConfig({ sections, cwd: process.cwd(), env: process.env, ...given() });
    return withBroker(config.mqtt, 'press', (broker) => pressAndTell(broker, button, { gesture, only, by }));
  });
}
