// One press of a button and its result, for the verbs that press.
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Gesture } from '../messages/gesture.ts';
import { applicationKeySchema, requestIdSchema } from '../messages/ids.ts';
import { buttonPress, buttonResult } from '../messages/press.ts';
import type { Press } from '../messages/press.ts';
import { ask } from './asking.ts';
import type { Broker } from './asking.ts';
import { noAnswer, nothingToDo, print, refused, usageError } from './exit.ts';
import { printable } from './printable.ts';

const exitCodes = { accepted: 0, armed: 0, rejected: refused, 'nothing-to-release': nothingToDo } as const;

/** @param does `release` */
export function addOnly(command: Command, does: string): void {
  command.addOption(
    new Option('--only <ns/name...>', `${does} only these applications of the button (may be repeated)`),
  );
}

/** What `--only` says; ends the command where it is no list of applications. */
export function readOnly(command: Command): readonly string[] | undefined {
  const only: unknown = command.getOptionValue('only');
  const names = Array.isArray(only) ? only.map(String) : undefined;
  const wrong = names?.find((name) => !applicationKeySchema.safeParse(name).success);
  if (wrong !== undefined)
    command.error(`--only ${wrong}: must be <namespace>/<name>`, { exitCode: usageError });
  return names;
}

/** What `--by` says; ends the command where the contract does not allow it. */
export function readBy(command: Command): string {
  const by = requestIdSchema.safeParse(command.getOptionValue('by'));
  return by.success
    ? by.data
    : command.error('--by: must be 1 to 64 printable characters', { exitCode: usageError });
}

/** Presses, prints what came of it, and sets the exit code. */
export async function pressAndTell(
  broker: Broker,
  button: string,
  how: { readonly gesture: Gesture; readonly only: readonly string[] | undefined; readonly by: string },
): Promise<void> {
  const press: Press = {
    id: randomUUID(),
    source: 'cli',
    gesture: how.gesture,
    by: how.by,
    ...(how.only === undefined ? {} : { only: [...how.only] }),
  };
  const answered = await ask(broker, {
    address: buttonPress.at({ button }),
    request: press,
    answers: buttonResult.filter({ button }),
    isOurs: ({ pressId }) => pressId === press.id,
    what: 'the press',
    hint: `A worker that is only slow may still carry the press on button ${button} out`,
  });
  if ('nobody' in answered) {
    print(answered.nobody);
    process.exitCode = noAnswer;
  } else {
    const { outcome, message } = answered.answer;
    print(`${outcome}: ${printable(message)}`);
    process.exitCode = exitCodes[outcome];
  }
}
