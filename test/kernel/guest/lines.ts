// The simulated lines of the guest (init.sh makes them): how to move and watch them, with the time before and after each
// step.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Level, Timed } from '../report.ts';

export const lines = {
  BUTTON: 0,
  SECOND: 1,
  LED: 2,
  /** The first of eight lines without a name, one for each signal. */
  SIGNALS: 5,
  LED_INVERSE: 3,
} as const;

const textOf = (path: string) => readFileSync(path, 'utf8').trim();

const settings = '/sys/kernel/config/gpio-sim/lab';

/** The device of all lines. */
export const device = textOf(`${settings}/dev_name`);
export const deviceFolder = `/sys/devices/platform/${device}`;

/** The chip of the device. It may get another number when the device comes back. */
const chip = () => textOf(`${settings}/bank0/chip_name`);

const lineFolder = (line: number) => `${deviceFolder}/${chip()}/sim_gpio${line}`;

export const levelOf = (line: number): Level => (textOf(`${lineFolder(line)}/value`) === '1' ? 1 : 0);

/** CLOCK_MONOTONIC in ms, as the stimulus and the kernel use it. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export function setLevel(line: number, level: Level): void {
  writeFileSync(`${lineFolder(line)}/pull`, level === 1 ? 'pull-up' : 'pull-down');
}

function stimulus(args: readonly string[], input = ''): Promise<readonly (readonly string[])[]> {
  return new Promise((resolve, reject) => {
    const child = execFile('/bin/stimulus', args, { maxBuffer: 64 * 2 ** 20 }, (error, output) => {
      if (error === null)
        resolve(
          output
            .trim()
            .split('\n')
            .map((line) => line.split(' ')),
        );
      else reject(error);
    });
    child.stdin?.end(input);
  });
}

const timed = ([level, before, after]: readonly string[]): Timed => [
  level === '1' ? 1 : 0,
  Number(before) / 1e6,
  Number(after) / 1e6,
];

/** Moves a line by a plan, with priority over all ordinary programs or (`storm`) in turn with them. */
export async function play(
  line: number,
  plan: string,
  mode: 'play' | 'storm' = 'play',
): Promise<readonly Timed[]> {
  return (await stimulus([mode, lineFolder(line)], plan)).map(timed);
}

/**
 * Watches lines, with a reading every 3 ms.
 * @returns the first level and every change, line by line
 */
export async function watch(
  forMs: number,
  watched: readonly number[],
): Promise<readonly (readonly Timed[])[]> {
  const changes = await stimulus(['watch', String(forMs), '3000', ...watched.map(lineFolder)]);
  return watched.map((_, index) =>
    changes.filter(([which]) => which === String(index)).map(([, ...change]) => timed(change)),
  );
}
