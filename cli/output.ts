// Writes to standard output and standard error synchronously. A failed write is reported and makes the exit code non-zero. It
// never ends in a stack trace, whatever kind of file the descriptor refers to.
import { Buffer } from 'node:buffer';
import { fstatSync, writeSync } from 'node:fs';

const standardOutput = 1;
const standardError = 2;
const unwritable = 1;
const slowReaderMs = 10;

let lost = false;

/**
 * Writes nothing more after a failure. If the reader has gone (`| head`), no message is needed. Any other failure is reported
 * on standard error and makes the exit code non-zero.
 * @returns whether everything was written
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
      `release-button: standard output cannot be written (${error instanceof Error ? error.message : String(error)}): free disk space, or redirect the output${whatIsLost(text)}\n`,
    );
    process.once('exit', (code) => {
      if (code === 0) process.exitCode = unwritable;
    });
    return false;
  }
}

/** Whether the program that read the pipe has ended, or the terminal was closed. EIO from a disk is a failure to report. */
function isReaderGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EPIPE' || (code === 'EIO' && fstatSync(standardOutput).isCharacterDevice());
}

/** Drops the text if it cannot be written. */
export function writeError(text: string): void {
  try {
    writeAll(standardError, text);
  } catch {
    // There is nowhere left to report it.
  }
}

/** The answer to a press or a request is a single line. The error message repeats it, so that it is not lost. */
function whatIsLost(text: string): string {
  const line = text.trim();
  return line === '' || line.includes('\n') ? '' : `. Not written: ${line}`;
}

/** A copy of the function in service/log.ts: importing that one would load the whole log. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Waits for a slow reader: another process may have made the pipe non-blocking. */
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
