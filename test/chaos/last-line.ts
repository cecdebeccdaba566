// Prints the figures of the run as the last line, after all reporters.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly chaosFolder: string;
  }
}

/** The file in the folder that contains the line. */
export const lastLineFile = 'last-line';

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'release-button-chaos-line-'));
  project.provide('chaosFolder', folder);
  return () => {
    const file = join(folder, lastLineFile);
    if (existsSync(file)) process.stdout.write(readFileSync(file));
    rmSync(folder, { recursive: true, force: true });
  };
}
