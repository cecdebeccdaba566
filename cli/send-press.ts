// Sends one press and prints its result, for the commands `press` and `rollback`.
import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { Gesture } from '../messages/gesture.ts';
import { applicationKeySchema, requestIdSchema } from '../messages/ids.ts';
import { buttonPress, buttonResult, type Press } from '../messages/press.ts';
import { answerMs, ask, type Broker } from './ask.ts';
import { addBy } from './by-option.ts';
import { parseDuration, durationForms } from './duration.ts';
import { noAnswer, notSucceeded, nothingToDo, print, refused, usageError } from './exit.ts';
import { printable } from './printable.ts';
import { releaseEnds, tellEnd } from './release-end.ts';
import { addWorker, readWorker } from './worker-option.ts';

const exitCodes = { accepted: 0, rejected: refused, 'nothing-to-release': nothingToDo } as const;

/** Adds the options that `press` and `rollback` share. @param does the command in words: `release` */
export function addPressOptions(command: Command, does: string): void {
  addOnly(command, does);
  addWorker(command, 'consider only the buttons of this worker');
  addBy(command);
  addWait(command);
}

/** Reads the options that `addPressOptions` has added. Ends the command if one of them is wrong. */
export function readPressOptions(command: Command) {
  return {
    worker: readWorker(command),
    how: { only: readOnly(command), by: readBy(command), waitMs: readWait(command) },
  };
}

/** @param does the command in words: `release` */
function addOnly(command: Command, does: string): void {
  command.addOption(
    new Option('--only <ns/name...>', `${does} only these applications of the button (may be repeated)`),
  );
}

/** @param does the command in words: `release` */
export function exitCodesOfPress(does: string): string {
  return `Exit codes: 0 accepted; with --wait: succeeded · ${usageError} wrong usage or configuration · ${refused} rejected · ${nothingToDo} nothing to ${does} ·
${noAnswer} no broker, worker offline, or no answer within ${answerMs / 1_000} s or the time of --wait · ${notSucceeded} with --wait: not everything succeeded`;
}

/** Reads `--only`. Ends the command if it is not a list of applications. */
function readOnly(command: Command): readonly string[] | undefined {
  const only: unknown = command.getOptionValue('only');
  const names = Array.isArray(only) ? only.map(String) : undefined;
  const wrong = names?.find((name) => !applicationKeySchema.safeParse(name).success);
  if (wrong !== undefined)
    command.error(`--only ${wrong}: must be <namespace>/<name>, such as argocd/shop`, {
      exitCode: usageError,
    });
  return names;
}

/** Reads `--by`. Ends the command if the contract does not allow it. */
function readBy(command: Command): string {
  const by = requestIdSchema.safeParse(command.getOptionValue('by'));
  return by.success
    ? by.data
    : command.error('--by: must be 1 to 64 printable characters', { exitCode: usageError });
}

/** Enough for several waves. `worker.release.appTimeoutMs` allows each 10 minutes by default. */
const usualWait = '1h';

function addWait(command: Command): void {
  command.addOption(
    new Option(
      '--wait [duration]',
      `wait until the release has ended, and print how it ended; wait no longer than this (${usualWait} without a duration)`,
    ),
  );
}

/** Reads `--wait`, in milliseconds. Ends the command if it is not a duration. */
function readWait(command: Command): number | undefined {
  const given: unknown = command.getOptionValue('wait');
  const text = given === true ? usualWait : given;
  if (typeof text !== 'string') return undefined;
  return (
    parseDuration(text) ?? command.error(`--wait ${text}: must be ${durationForms}`, { exitCode: usageError })
  );
}

/** Sends the press, prints its result, and sets the exit code. */
export async function pressAndTell(
  broker: Broker,
  button: string,
  how: {
    readonly gesture: Gesture;
    readonly only: readonly string[] | undefined;
    readonly by: string;
    /** how long to wait for the end of the release, in milliseconds; undefined: not at all */
    readonly waitMs: number | undefined;
  },
): Promise<void> {
  const ends = how.waitMs === undefined ? undefined : releaseEnds(broker.link);
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
    hint: `A slow worker may still carry out the press on button ${button} later: \`release-button watch\` shows it`,
  });
  if ('nobody' in answered) {
    print(answered.nobody);
    process.exitCode = noAnswer;
  } else {
    const { outcome, message, releaseId } = answered.answer;
    print(`${outcome}: ${printable(message)}`);
    process.exitCode = exitCodes[outcome];
    if (ends !== undefined && how.waitMs !== undefined && releaseId !== undefined && outcome === 'accepted')
      process.exitCode = tellEnd(await ends.of(releaseId, how.waitMs), releaseId);
  }
}
