// `release-button press [button]`: sends one press and prints its result.
import { Option, type Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { gestures, gestureSchema } from '../../messages/gesture.ts';
import { withBroker } from '../ask.ts';
import { noAnswer, print, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { knownButtons, whyNoButton, whyOffline } from '../known-workers.ts';
import { addPressOptions, exitCodesOfPress, pressAndTell, readPressOptions } from '../send-press.ts';

/** The default id of a button in the configuration. */
const usualButton = 'main';

export async function configure(command: Command): Promise<void> {
  command.addOption(
    new Option('--gesture <gesture>', 'the gesture to send').choices(gestures).default('press'),
  );
  addPressOptions(command, 'release');
  command.addHelpText(
    'after',
    `\nIf you name no button, the command presses the button main, or the only button that there is.\n\n${exitCodesOfPress('release')}`,
  );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);

  command.action(async (named: unknown) => {
    const wanted = typeof named === 'string' ? named : undefined;
    const { worker, how } = readPressOptions(command);
    const gesture = gestureSchema.parse(command.getOptionValue('gesture'));
    const { config } = await loadConfig({ sections, ...given() });
    return withBroker(config.mqtt, 'press', async (broker) => {
      const found = await knownButtons(broker, {
        worker,
        wanted: wanted ?? usualButton,
        orNone: true,
      });
      const known = 'answer' in found ? found.answer : [];
      const button = choose(
        known.map(({ id }) => id),
        wanted,
        (problem) => command.error(problem, { exitCode: usageError }),
      );
      const nobody = 'nobody' in found ? found.nobody : whyOffline(known, button);
      if (nobody === undefined) return pressAndTell(broker, button, { gesture, ...how });
      print(nobody);
      process.exitCode = noAnswer;
      return undefined;
    });
  });
}

/** @param known ids of all buttons; empty if no worker names any */
function choose(
  known: readonly string[],
  wanted: string | undefined,
  fail: (problem: string) => never,
): string {
  const [only] = known;
  if (wanted === undefined) {
    if (only === undefined || known.includes(usualButton)) return usualButton;
    if (known.length === 1) return only;
    return fail(`there are several buttons. Name one of ${known.join(', ')}: release-button press <button>`);
  }
  const problem = whyNoButton(known, wanted);
  return problem === undefined ? wanted : fail(problem);
}
