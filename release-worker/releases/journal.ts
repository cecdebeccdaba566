// The journal: append-only JSON lines. Everything that must survive a crash is on disk before the next step begins.
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, syncDirectory } from '../../service/durable-file.ts';
import type { Log } from '../../service/log.ts';
import { codeOf, messageOf } from '../../service/log.ts';
import { journalLineSchema } from './journal-lines.ts';
import type { JournalLine } from './journal-lines.ts';

export interface Journal {
  /** Opens the file, and passes each existing line to `onLine`, oldest first. @throws JournalError */
  open(onLine: (line: JournalLine) => void): Promise<void>;
  /**
   * Resolves when the line is written; with `flush`, when it is on disk.
   * @throws JournalError when the line cannot be written; part of it may be in the file, which reading skips
   */
  append(line: JournalLine, options: { readonly flush: boolean }): Promise<void>;
  /** Writes an empty line to test whether the journal is writable. @throws JournalError when it is not */
  tryOut(): Promise<void>;
  close(): Promise<void>;
}

export class JournalError extends Error {
  override readonly name = 'JournalError';
  /** the system's error code, such as `ENOSPC` */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** A line of ours with 10,000 applications has about 3 MB. Longer lines are not ours. */
const maximumLineBytes = 8_388_608;
const newLine = 0x0a;

export function createJournal(options: { readonly stateDir: string; readonly log: Log }): Journal {
  const { stateDir, log } = options;
  const path = join(stateDir, 'journal.jsonl');
  let file: FileHandle | undefined;
  /** Whether the last line is incomplete, because of a crash or a full disk. */
  let torn = false;
  let queue: Promise<void> = Promise.resolve();

  const problem = (what: string, error: unknown) =>
    new JournalError(
      `cannot ${what} the journal ${path} (worker.stateDir): ${messageOf(error)}. Nothing is released while it cannot be written: make the directory writable for this user, free disk space, or set worker.stateDir to another directory`,
      codeOf(error),
    );

  /** Lines written to a file that was deleted or replaced would be lost. */
  const openAgainWhereReplaced = async (ours: FileHandle): Promise<FileHandle> => {
    if (await isAt(ours, path)) return ours;
    const next = await open(path, 'a+', 0o640);
    await syncDirectory(stateDir);
    torn = await endsTorn(next, (await next.stat()).size);
    file = next;
    await ours.close();
    log.error(
      { path },
      `the journal ${path} was deleted or replaced while the worker was running. The worker continues with the file that is there now; the next start will not know what the old one contained`,
    );
    return next;
  };

  const write = async (line: string, flush: boolean): Promise<void> => {
    if (file === undefined) throw problem('write', new Error('it is not open'));
    try {
      if (flush) file = await openAgainWhereReplaced(file);
      await file.appendFile(`${torn ? '\n' : ''}${line}\n`);
      torn = false;
      if (flush) await file.datasync();
    } catch (error) {
      torn = true;
      throw problem('write', error);
    }
  };

  const inTurn = (line: string, flush: boolean) => {
    const written = queue.then(() => write(line, flush));
    queue = written.catch(() => {});
    return written;
  };

  return {
    open: async (onLine) => {
      try {
        await makeDirectory(stateDir);
        file = await open(path, 'a+', 0o640);
        await syncDirectory(stateDir);
        const { size } = await file.stat();
        torn = await endsTorn(file, size);
        await readLines({ path, size, onLine, log });
      } catch (error) {
        throw problem('open', error);
      }
    },
    append: (line, { flush }) => inTurn(JSON.stringify(line), flush),
    tryOut: () => inTurn('', true),
    close: async () => {
      await queue;
      const closing = file;
      file = undefined;
      await closing?.close();
    },
  };
}

async function isAt(file: FileHandle, path: string): Promise<boolean> {
  try {
    const [ours, there] = await Promise.all([file.stat(), stat(path)]);
    return ours.ino === there.ino && ours.dev === there.dev;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

async function endsTorn(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] !== newLine;
}

interface ReadOptions {
  readonly path: string;
  /** number of bytes to read: the size when the file was opened */
  readonly size: number;
  readonly onLine: (line: JournalLine) => void;
  readonly log: Log;
}

async function readLines({ path, size, onLine, log }: ReadOptions): Promise<void> {
  if (size === 0) return;
  let unreadable = 0;
  let parts: Buffer[] = [];
  let length = 0;
  const endLine = () => {
    const line = length > maximumLineBytes ? undefined : parseLine(Buffer.concat(parts).toString('utf8'));
    if (line !== undefined) onLine(line);
    else if (length > 0) unreadable += 1;
    parts = [];
    length = 0;
  };
  const take = (part: Buffer) => {
    length += part.length;
    if (length > maximumLineBytes) parts = [];
    else parts.push(part);
  };
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { end: size - 1 });
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(newLine); end >= 0; end = chunk.indexOf(newLine, from)) {
      take(chunk.subarray(from, end));
      endLine();
      from = end + 1;
    }
    take(chunk.subarray(from));
  }
  endLine();
  if (unreadable > 0)
    log.warn({ path, unreadable }, `${unreadable} lines of the journal cannot be read and are skipped`);
}

function parseLine(text: string): JournalLine | undefined {
  try {
    const parsed = journalLineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
