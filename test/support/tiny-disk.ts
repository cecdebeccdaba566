// A file system of 64 kB that can be full or read-only. Only root may mount one; other users skip those tests.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const mayMount: boolean = canMount();

export interface TinyDisk {
  readonly path: string;
  /** Leaves no byte free. */
  fill(): void;
  free(): void;
  readOnly(): void;
  writable(): void;
}

/** @param path a directory, which the file system hides */
export function tinyDisk(path = mkdtempSync(join(tmpdir(), 'release-button-tiny-'))): TinyDisk {
  mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path);
  onTestFinished(() => {
    spawnSync('umount', ['--lazy', path]);
    rmSync(path, { recursive: true, force: true });
  });
  const filled = join(path, 'fill');
  return {
    path,
    fill: () => {
      // Small files, since the last page of a large one may still have room.
      for (let number = 0; ; number += 1) {
        try {
          writeFileSync(`${filled}-${number}`, 'x'.repeat(4_096));
        } catch {
          return;
        }
      }
    },
    free: () => {
      for (const name of readdirSync(path)) if (name.startsWith('fill-')) rmSync(join(path, name));
    },
    readOnly: () => mount('-o', 'remount,ro', path),
    writable: () => mount('-o', 'remount,rw', path),
  };
}

function mount(...options: string[]): void {
  const { status, stderr } = spawnSync('mount', options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${options.join(' ')}: ${stderr}`);
}

function canMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'release-button-tiny-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], {
    encoding: 'utf8',
  });
  if (status === 0) spawnSync('umount', [path]);
  rmSync(path, { recursive: true, force: true });
  if (status !== 0 && process.env['CI'] !== undefined)
    throw new Error(`mounting a tmpfs needs root, and with CI set no test is skipped: ${stderr}`);
  return status === 0;
}
