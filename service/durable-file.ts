// Small files that outlive a crash: whole or not at all, and on the disk when the promise resolves.
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

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
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
