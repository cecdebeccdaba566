// Exit codes, and how the command prints the error that ends it.
import { writeError, writeOut } from './output.ts';

const unexpected = 1;
export const usageError = 2;
const cannotOpen = 3;
export const hardwareFault = cannotOpen;
export const refused = 4;
export const nothingToDo = 5;
export const noAnswer = 6;
export const notSucceeded = 7;
/** 128 plus the number of SIGINT, as in shells. */
export const interrupted = 130;

/** Each code has the same meaning for all commands. docs/commands.md has the same table. */
const meanings: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'success: press accepted, all checks passed, or process stopped by a signal'],
  [unexpected, 'an unexpected error, or doctor or health found a fault'],
  [usageError, 'a mistake in the command line or the configuration, such as a button that does not exist'],
  [
    cannotOpen,
    'a port, the hardware or the state directory cannot be opened, or gpio-agent --check found a fault',
  ],
  [refused, 'the release worker refused (press, rollback, freeze, unfreeze, terminate)'],
  [nothingToDo, 'nothing to release or to undo (press, rollback)'],
  [noAnswer, 'no broker, no answer in time, or the worker is offline'],
  [notSucceeded, 'the release has ended, but not everything succeeded (press --wait, rollback --wait)'],
  [interrupted, 'ended by Ctrl+C (gpio-agent --check)'],
];

export const exitCodesOfProcess = `
Exit codes: 0 ended by SIGTERM, SIGINT or SIGHUP · ${unexpected} an unexpected error · ${usageError} wrong usage or configuration ·
${cannotOpen} a port, the hardware or the state directory cannot be opened`;

export function exitCodesInWords(): string {
  return meanings.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n');
}

/** Keyed by the name of the error: importing the classes would load every room. */
const codes: ReadonlyMap<string, number> = new Map([
  ['ConfigError', usageError],
  ['FileError', usageError],
  ['ProxySettingError', usageError],
  ['ListenError', cannotOpen],
  ['HardwareError', cannotOpen],
  ['JournalError', cannotOpen],
  ['StateLockError', cannotOpen],
]);

export function exitCodeOf(error: unknown): number {
  return (error instanceof Error ? codes.get(error.name) : undefined) ?? unexpected;
}

/** Prints to standard error: only the message of an expected error, the stack of an unexpected one. */
export function say(error: unknown): void {
  const text =
    error instanceof Error
      ? exitCodeOf(error) === unexpected
        ? `unexpected error: ${error.stack ?? error.message}`
        : error.message
      : String(error);
  writeError(`release-button: ${text}\n`);
}

/** @returns whether the text was written; if not, the reason has been printed */
export function print(text: string): boolean {
  return writeOut(`${text}\n`);
}
