// Exit codes, and how an error that ends the command is said.
import { writeError, writeOut } from './output.ts';

/** Configuration or usage. */
export const usageError = 2;
/** A port, hardware or the state directory that cannot be opened; a self-test that found something wrong. */
const cannotOpen = 3;
export const hardwareFault = cannotOpen;
const unexpected = 1;
/** The worker refused: a press is rejected, a request not carried out. */
export const refused = 4;
/** There is nothing to release, or to undo. */
export const nothingToDo = 5;
/** Nobody has answered in time; also without a broker. */
export const noAnswer = 6;
/** 128 and the number of SIGINT, as shells count. */
export const interrupted = 130;

/** By name, so that no room is loaded only to know its errors. */
const codes: ReadonlyMap<string, number> = new Map([
  ['ConfigError', usageError],
  ['FileError', usageError],
  ['ProxySettingError', usageError],
  ['ListenError', cannotOpen],
  ['BrokerListenError', cannotOpen],
  ['HardwareError', cannotOpen],
  ['JournalError', cannotOpen],
  ['StateLockError', cannotOpen],
]);

export function exitCodeOf(error: unknown): number {
  return (error instanceof Error ? codes.get(error.name) : undefined) ?? unexpected;
}

/** To standard error: the message where it was made for people, the stack where it is a bug. */
export function say(error: unknown): void {
  const text =
    error instanceof Error
      ? exitCodeOf(error) === unexpected
        ? `unexpected error: ${error.stack ?? error.message}`
        : error.message
      : String(error);
  writeError(`release-button: ${text}\n`);
}

/** @returns whether it could be written; where not, that has been said */
export function print(text: string): boolean {
  return writeOut(`${text}\n`);
}
