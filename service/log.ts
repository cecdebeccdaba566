// Logging: JSON lines, readable ones on a terminal. Secrets are never handed to it; known names are masked all the same.
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  readonly format: 'auto' | 'json' | 'pretty';
}

/** Writes to standard output. `auto` is pretty on a terminal and JSON elsewhere. */
export async function createLog(options: LogOptions, name: string): Promise<Log> {
  const pretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY);
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
    pretty ? await prettyStream() : pino.destination({ fd: 1, sync: true }),
  );
}

// Loaded only where a person looks: a Pi that logs to a file or the journal need not pay for it.
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    colorize: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    messageFormat: (line) => lineForPeople(line),
    sync: true,
  });
}

/** The sentence, with what it leaves out: who says it, where something listens, and the stack of a bug. */
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

/** Errors of libraries carry whole requests with their headers: only what tells the error is logged. */
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

/** The `code` of an error of the system or of Node (`EACCES`), where it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Causes may go round in a circle. */
const causesMax = 5;

/** The message of whatever was thrown, with the causes that it names. */
export function messageOf(error: unknown, causes = causesMax): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? (codeOf(error) ?? error.name) : error.message;
  return error.cause === undefined || causes === 0 ? own : `${own}: ${messageOf(error.cause, causes - 1)}`;
}
