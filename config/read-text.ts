// Reads small files as UTF-8, up to a limit, and says in words why one cannot be read.
import { open } from 'node:fs/promises';

export type FileText =
  | { readonly text: string }
  | {
      readonly text?: never;
      readonly code: string;
      readonly message: string;
      /** The content, if it is not UTF-8. */
      readonly bytes?: Buffer;
    };

const meanings: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is not a directory',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a directory',
  ELOOP: 'is a symbolic link that leads to itself',
};

/** What to do about a file that cannot be read. */
export function remedyFor(code: string, otherwise: string): string {
  return code === 'EACCES' || code === 'EPERM'
    ? 'give the user that runs release-button permission to read it'
    : otherwise;
}

/** Reads at most `limit` bytes, and one more byte to notice a larger file. */
export async function readText(file: string, limit: number): Promise<FileText> {
  let bytes: Buffer;
  try {
    bytes = await readBytes(file, limit + 1);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    return { code, message: meanings[code] ?? `cannot be read (${code})` };
  }
  if (bytes.length > limit) return { code: 'EFBIG', message: `is larger than ${limit / 1024} KiB` };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { code: 'EILSEQ', message: 'is not text in UTF-8', bytes };
  }
}

async function readBytes(file: string, limit: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    while (total < limit) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(limit - total, 16_384)));
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      total += bytesRead;
    }
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}
