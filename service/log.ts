// Logging: JSON lines, and readable lines on a terminal. Callers never pass secrets. Fields with known names are masked all the
// same.
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { createLogOutput } from './log-output.ts';
import type { LogOutput, LostLines } from './log-output.ts';

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  readonly format: 'auto' | 'json' | 'pretty';
}

/** Called with the reason when the log cannot be written, and with undefined when it can again. */
export type OnLogTrouble = (what: string | undefined) => void;

const standardOutput = 1;
const standardError = 2;

/** Writes to standard output. `auto` is readable on a terminal and JSON elsewhere. */
export async function createLog(
  options: LogOptions,
  name: string,
  onTrouble: OnLogTrouble = () => undefined,
): Promise<Log> {
  const pretty =
    options.format === 'pretty' || (options.format === 'auto' && isatty(standardOutput))
      ? await lineMaker()
      : (line: string) => line;
  return pino(
    {
      level: options.level,
      base: { process: name },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: {
        paths: ['token', 'password', 'authorization', '*.token', '*.password', '*.authorization'],
        censor: '********',
      },
    },
    destination(name, pretty, onTrouble),
  );
}

function destination(
  name: string,
  pretty: (line: string) => string,
  onTrouble: OnLogTrouble,
): DestinationStream {
  setPipeNonBlocking();
  const output = createLogOutput({
    write: (bytes) => writeSync(standardOutput, bytes),
    lostLine: (lost) => pretty(lostLine(name, lost)),
    onTrouble: (error) => {
      const what = error === undefined ? undefined : troubleWith(error);
      if (what !== undefined) sayOnStandardError(what);
      // The listener may log too.
      queueMicrotask(() => onTrouble(what));
    },
    later: (callback, ms) => void setTimeout(callback, ms).unref(),
    sleep: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  });
  endWithProcess(output);
  return { write: (line) => output.write(pretty(line)) };
}

/**
 * A pipe whose reader does not read would block the process. Opening its stream makes Node set O_NONBLOCK, so a write fails
 * at once (EAGAIN).
 */
function setPipeNonBlocking(): void {
  void process.stdout;
}

function endWithProcess(output: LogOutput): void {
  process.once('exit', () => {
    const count = output.end();
    if (count > 0) sayOnStandardError(`the last ${lines(count)} of the log could not be written`);
  });
}

function lostLine(name: string, { count, error }: LostLines): string {
  return `${JSON.stringify({
    level: 'warn',
    time: new Date().toISOString(),
    process: name,
    lost: count,
    msg: `lost ${lines(count)} of the log here: could not write to standard output (${messageOf(error)})`,
  })}\n`;
}

const lines = (count: number) => `${count} ${count === 1 ? 'line' : 'lines'}`;

function troubleWith(error: unknown): string {
  const code = codeOf(error);
  const remedy =
    code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
      ? 'Free space on the disk to which standard output goes; the log then continues by itself'
      : code === 'EPIPE'
        ? 'The program that read it has ended'
        : code === 'EIO'
          ? 'The terminal may have been closed'
          : code === 'EAGAIN'
            ? 'The program that reads it has stopped reading'
            : 'Check where standard output goes';
  return `the log cannot be written to standard output (${messageOf(error)}). ${remedy}. This process continues its work; lines that do not fit into its buffer are lost and counted`;
}

/** Ignores a failure: standard error may go to the same full disk. */
function sayOnStandardError(what: string): void {
  try {
    writeSync(standardError, `release-button: ${what}\n`);
  } catch {
    // There is nowhere left to report it.
  }
}

// Loads pino-pretty only if a person reads the log. A Raspberry Pi that logs to a file or the journal saves its memory.
async function lineMaker(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const make = prettyFactory({
    colorize: isatty(standardOutput) && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    messageFormat: (line) => lineForPeople(line),
  });
  return (line) => {
    try {
      return make(line);
    } catch {
      // A line as JSON is better than no line.
      return line;
    }
  };
}

/** The message, and what it does not contain: the part of the process, the address of a listener, and the stack of an error. */
function lineForPeople(line: Readonly<Record<string, unknown>>): string {
  const { part, msg, url, err } = line;
  const who = typeof part === 'string' ? `${part}: ` : '';
  const where = msg === 'listening' ? ` on ${String(url)}` : '';
  const what = msg === 'listening' && typeof line['what'] === 'string' ? ` (${line['what']})` : '';
  const stack =
    typeof err === 'object' && err !== null && 'stack' in err && typeof err.stack === 'string'
      ? `\n${err.stack}`
      : '';
  return `${who}${String(msg)}${where}${what}${stack}`;
}

export function silentLog(): Log {
  return pino({ level: 'silent' });
}

/** Errors of libraries may contain whole requests with headers. So only selected members are logged. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: messageOf(error),
    stack: error.stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
  };
}

/** The `code` of a system error or a Node error (`EACCES`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** How many causes are shown. Causes may form a circle. */
const causesMax = 5;

/** The message of whatever was thrown, with the messages of its causes. */
export function messageOf(error: unknown, causes = causesMax): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? (codeOf(error) ?? error.name) : error.message;
  return error.cause === undefined || causes === 0 ? own : `${own}: ${messageOf(error.cause, causes - 1)}`;
}
