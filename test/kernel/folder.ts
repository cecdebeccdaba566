// A folder for one run of the guest, and the totals as the last line after all reporters.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly kernelFolder: string;
  }
}

/** Files in the folder: the text for the end and, after a failure, a mark that the folder is kept. */
export const sumFile = 'sum';
export const keepFile = 'keep';

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'release-button-kernel-'));
  project.provide('kernelFolder', folder);
  return () => {
    if (existsSync(join(folder, sumFile))) process.stdout.write(readFileSync(join(folder, sumFile)));
    if (existsSync(join(folder, keepFile)))
      process.stderr.write(`console and report of the guest are in ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  };
}
