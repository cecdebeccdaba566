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
    ignore: 'process,part',
    messageFormat: '{if part}{part}: {end}{msg}',
    sync: true,
  });
}

export function silentLog(): Log {
  return pino({ level: 'silent' });
}

/** The message of whatever was thrown, with the causes that it names. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const own = error.message === '' ? (code ?? error.name) : error.message;
  return error.cause === undefined ? own : `${own}: ${messageOf(error.cause)}`;
}
