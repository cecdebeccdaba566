// Standard output and standard error of a command, written at once. What cannot be written is told and counts for the exit
// code; no stack trace, whatever is behind the descriptor.
import { Buffer } from 'node:buffer';
import { fstatSync, writeSync } from 'node:fs';

const standardOutput = 1;
const standardError = 2;
const unwritable = 1;
const slowReaderMs = 10;

let lost = false;

/**
 * Once this has failed it writes nothing further. A reader that has gone (`| head`) needs no message. Any other failure is
 * said on standard error, and the exit code is not 0.
 * @returns whether everything has been written
 */
export function writeOut(text: string): boolean {
  if (lost) return false;
  try {
    writeAll(standardOutput, text);
    return true;
  } catch (error) {
    lost = true;
    if (isReaderGone(error)) return false;
    writeError(
      `release-button: standard output cannot be written (${error instanceof Error ? error.message : String(error)}): make room, or send it elsewhere${whatIsLost(text)}\n`,
    );
    process.once('exit', (code) => {
      if (code === 0) process.exitCode = unwritable;
    });
    return false;
  }
}

/** The program that read the pipe has ended, or the terminal was closed: of a disk EIO is worth a message. */
function isReaderGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EPIPE' || (code === 'EIO' && fstatSync(standardOutput).isCharacterDevice());
}

/** Where nobody can read it, it is dropped. */
export function writeError(text: string): void {
  try {
    writeAll(standardError, text);
  } catch {
    // There is nowhere left to say it.
  }
}

/** The answer to a press or a request is one line: whoever sent it wants to know what came of it all the same. */
function whatIsLost(text: string): string {
  const line = text.trim();
  return line === '' || line.includes('\n') ? '' : `. Not written: ${line}`;
}

/** Here, since the log's own would load all of the log. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Waits for a slow reader, where somebody else has made its pipe non-blocking. */
function writeAll(descriptor: number, text: string): void {
  for (let rest: Uint8Array = Buffer.from(text); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slowReaderMs);
    }
  }
}
