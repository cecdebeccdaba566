// Starts the processes that are measured, reads their figures from /proc, and ends them.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths are relative to the folder of the project, where npm starts its scripts. */
export const bundled = 'dist/bundle/main.js';
export const unbundled = 'dist/cli/main.js';

export interface Measured {
  readonly child: ChildProcess;
  /** The output of the process so far. */
  readonly output: () => string;
  /** Resolves when the process has printed the text, to the milliseconds since its start. */
  printed(text: string): Promise<number>;
  stop(): Promise<void>;
}

/** In milliseconds, and so long because a process under valgrind is slow. */
const limitMs = 120_000;

export function start(program: string, args: readonly string[]): Measured {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const waiting = new Set<() => void>();
  const onData = (data: unknown) => {
    output += String(data);
    for (const look of waiting) look();
  };
  child.stdout.on('data', onData);
  child.stderr.on('data', onData);
  // A benchmark that fails leaves nothing behind.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.off('exit', end);
      resolve();
    });
  });
  return {
    child,
    output: () => output,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const fail = (what: string) =>
          reject(new Error(`${program} ${what} before it printed ${text}: ${output}`));
        const limit = setTimeout(() => fail(`ran for ${limitMs / 1000} s`), limitMs);
        const look = () => {
          if (!output.includes(text)) return;
          clearTimeout(limit);
          waiting.delete(look);
          resolve(performance.now() - started);
        };
        waiting.add(look);
        child.once('exit', () => {
          clearTimeout(limit);
          fail('ended');
        });
        look();
      }),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The processor time of all threads so far, in milliseconds (/proc/PID/task/TID/schedstat, first number). */
export function processorMs({ child }: Measured): number {
  const tasks = `/proc/${child.pid}/task`;
  return readdirSync(tasks).reduce(
    (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    0,
  );
}

/** The resident memory, in MB (10^6 bytes). */
export function residentMb(measured: Measured): number {
  return statusMb(measured, 'VmRSS');
}

/** The peak of the resident memory, in MB. */
export function peakResidentMb(measured: Measured): number {
  return statusMb(measured, 'VmHWM');
}

function statusMb({ child }: Measured, name: string): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024) / 1e6;
}

/** A folder that test/gpio-agent/in-fake-board.sh presents as a board. The registers that rpio uses are bytes of a file. */
export function createFakeBoard() {
  const folder = mkdtempSync(join(tmpdir(), 'release-button-bench-'));
  mkdirSync(join(folder, 'device-tree'));
  writeFileSync(join(folder, 'device-tree/model'), 'Raspberry Pi Zero W Rev 1.1\0');
  writeFileSync(join(folder, 'device-tree/compatible'), 'raspberrypi,model-zero-w\0brcm,bcm2835\0');
  // All lines are high.
  writeFileSync(join(folder, 'gpiomem'), Buffer.alloc(4096, 0xff));
  return {
    registers: join(folder, 'gpiomem'),
    start: (args: readonly string[]) =>
      start('unshare', [
        ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
        '--mount',
        'sh',
        'test/gpio-agent/in-fake-board.sh',
        folder,
        process.execPath,
        ...args,
      ]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @param share the share of the values that are smaller, 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, count * 1000);
  });
}
