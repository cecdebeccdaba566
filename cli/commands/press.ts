// `release-button press [button]`: sends one press and prints its result.
import { Option, type Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { gestures, gestureSchema } from '../../messages/gesture.ts';
import { withBroker } from '../ask.ts';
import { noAnswer, print, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { knownButtons, whyNoButton } from '../online-workers.ts';
import { addWorker, readWorker } from '../worker-option.ts';
import { addBy } from '../by-option.ts';
import {
  addOnly,
  addWait,
  exitCodesOfPress,
  pressAndTell,
  readBy,
  readOnly,
  readWait,
} from '../send-press.ts';

/** The default id of a button in the configuration. */
const usualButton = 'main';

export async function configure(command: Command): Promise<void> {
  command.addOption(
    new Option('--gesture <gesture>', 'what the finger does').choices(gestures).default('press'),
  );
  addOnly(command, 'release');
  addWorker(command, 'only a button of this worker');
  addBy(command);
  addWait(command);
  command.addHelpText(
    'after',
    `\nWithout a name the button main, or the only one that there is.\n\n${exitCodesOfPress('release')}`,
  );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);

  command.action(async (named: unknown) => {
    const wanted = typeof named === 'string' ? named : undefined;
    const only = readOnly(command);
    const worker = readWorker(command);
    const by = readBy(command);
    const waitMs = readWait(command);
    const gesture = gestureSchema.parse(command.getOptionValue('gesture'));
    const { config } = await loadConfig({ sections, ...given() });
    return withBroker(config.mqtt, 'press', async (broker) => {
      const found = await knownButtons(broker, {
        worker,
        wanted: wanted ?? usualButton,
        orNone: true,
      });
      const button = choose('answer' in found ? found.answer.map(({ id }) => id) : [], wanted, (problem) =>
        command.error(problem, { exitCode: usageError }),
      );
      if ('answer' in found) return pressAndTell(broker, button, { gesture, only, by, waitMs });
      print(found.nobody);
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
    return fail(`which button? Name one of ${known.join(', ')}: release-button press <button>`);
  }
  const problem = whyNoButton(known, wanted);
  return problem === undefined ? wanted : fail(problem);
}
