// A file system of 64 kB that a test can fill or make read-only. Only root may mount one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface TinyDisk {
  readonly path: string;
  /** Writes files until no byte is free. */
  fill(): void;
  free(): void;
  readOnly(): void;
  writable(): void;
}

/** @param path a directory; the new file system hides its content */
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
      // Many small files, because the last page of a large file may have room left.
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
