// `release-button rollback [button]`: sends the gesture that rolls the button back, and prints the result.
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { gestures, type Gesture } from '../../messages/gesture.ts';
import { withBroker } from '../ask.ts';
import { noAnswer, print, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { knownButtons, whyNoButton, whyOffline, type KnownButton } from '../known-workers.ts';
import { addPressOptions, exitCodesOfPress, pressAndTell, readPressOptions } from '../send-press.ts';

export async function configure(command: Command): Promise<void> {
  addPressOptions(command, 'roll back');
  command.addHelpText(
    'after',
    `
Undoes what the last release of the button deployed, and freezes the button with the reason "rolled back".
The configuration must map a gesture of the button to rollback: worker.buttons[].on: {press: release, hold: rollback}.
If you name no button, the command uses the only button that there is. A second rollback in a row does nothing,
because it would undo the first.

${exitCodesOfPress('undo')}`,
  );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);

  command.action(async (named: unknown) => {
    const wanted = typeof named === 'string' ? named : undefined;
    const { worker, how } = readPressOptions(command);
    const { config } = await loadConfig({ sections, ...given() });

    return withBroker(config.mqtt, 'rollback', async (broker) => {
      const found = await knownButtons(broker, { worker, wanted });
      const chosen =
        'nobody' in found
          ? found
          : choose(found.answer, wanted, (problem) => command.error(problem, { exitCode: usageError }));
      if (!('nobody' in chosen)) return pressAndTell(broker, chosen.id, { gesture: chosen.gesture, ...how });
      print(chosen.nobody);
      process.exitCode = noAnswer;
      return undefined;
    });
  });
}

function choose(
  buttons: readonly KnownButton[],
  wanted: string | undefined,
  fail: (problem: string) => never,
): { readonly id: string; readonly gesture: Gesture } | { readonly nobody: string } {
  const ids = buttons.map(({ id }) => id);
  if (wanted === undefined && buttons.length > 1)
    return fail(`there are several buttons. Name one of ${ids.join(', ')}: release-button rollback <button>`);
  const button = wanted === undefined ? buttons[0] : buttons.find(({ id }) => id === wanted);
  if (button === undefined) return fail(whyNoButton(ids, wanted ?? '') ?? 'no worker has a button');
  const { id, on } = button;
  const nobody = whyOffline(buttons, id);
  if (nobody !== undefined) return { nobody };
  const gesture = gestures.find((gesture) => on[gesture] === 'rollback');
  if (gesture !== undefined) return { id, gesture };
  const mapping = Object.entries({ ...on, hold: 'rollback' }).map((entry) => entry.join(': '));
  return fail(
    `no gesture of button ${id} rolls back. Map one in the configuration of its release worker, and restart the worker: worker.buttons[].on: {${mapping.join(', ')}}`,
  );
}
