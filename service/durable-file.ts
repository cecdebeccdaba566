// Small files that survive a crash: complete or unchanged, and on disk when the promise resolves.
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './log.ts';

/** Replaces the file. Its directory must exist. @throws the error of the file system */
export async function writeDurably(path: string, text: string): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, 'w', 0o640);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  await syncDirectory(dirname(path));
}

/** Creates the directory with its parents. Node's `recursive` never ends if a file system refuses directories (/proc). */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    await makeDirectory(parent);
    await mkdir(path);
  }
}

/** A new file is safe only after its directory entry is on disk. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows refuses this with EPERM and has no equivalent.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
