// A log that a test can read: every line as it would be written.
import { pino } from 'pino';
import type { Log } from '../../../service/log.ts';

export interface KeptLog {
  readonly log: Log;
  readonly lines: readonly string[];
  count(level: 'info' | 'warn'): number;
}

export function keptLog(): KeptLog {
  const lines: string[] = [];
  const log = pino(
    { formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => lines.push(line) },
  );
  return {
    log,
    lines,
    count: (level) => lines.filter((line) => line.includes(`"level":"${level}"`)).length,
  };
}
