// Small files that outlive a crash: whole or not at all, and on the disk when the promise resolves.
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './log.ts';

/** Replaces the file. The directory has to be there. @throws what the file system says */
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

/** With its parents, as `recursive` does, which never ends where a file system refuses new directories (/proc). */
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

/** A new file is only safe when its directory entry is. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows refuses it with EPERM, and has no other way to ask for it.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
