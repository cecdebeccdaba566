// Runs the real promtool.
import { spawnSync } from 'node:child_process';
import { patienceMs } from './patience.ts';

export interface PromtoolResult {
  readonly ok: boolean;
  /** everything that promtool printed, on both streams */
  readonly output: string;
}

export function promtool(args: readonly string[], input = ''): PromtoolResult {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, {
    encoding: 'utf8',
    input,
    timeout: patienceMs,
  });
  if (error !== undefined) throw error;
  return { ok: status === 0, output: `${stdout}${stderr}` };
}
