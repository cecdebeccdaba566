// Runs the real promtool.
import { spawnSync } from 'node:child_process';
import { patienceMs } from './patience.ts';

export interface Checked {
  readonly ok: boolean;
  /** all its output */
  readonly output: string;
}

export function promtool(args: readonly string[], input = ''): Checked {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, {
    encoding: 'utf8',
    input,
    timeout: patienceMs,
  });
  if (error !== undefined) throw error;
  return { ok: status === 0, output: `${stdout}${stderr}` };
}
