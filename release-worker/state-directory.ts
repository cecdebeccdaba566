// Tests whether the worker can write its state directory: at the start, from time to time, and after a failed write. Nothing
// is released without the journal, so light, health and presses must know before somebody presses.
import { open, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { waitAtMost } from '../service/clock.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Log } from '../service/log.ts';
import { codeOf, messageOf } from '../service/log.ts';
import type { FreezeFile } from './freeze/file.ts';
import type { Journal } from './releases/journal.ts';

export interface StateDirectory {
  /** Resolves when the first test has ended, or takes too long. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Why nothing is released, for people. Undefined: the directory is writable as far as is known */
  problem(): string | undefined;
  /** Tests again if there is a problem. Resolves to the value of `problem` afterwards. */
  lookAgain(): Promise<string | undefined>;
  /** The same journal. It reports failed appends here. */
  watchJournal(journal: Journal): Journal;
  watchFreezeFile(file: FreezeFile): FreezeFile;
}

const lookEveryMs = 60_000;
/** While the directory cannot be written, somebody may be freeing space and waiting for the light. */
const lookAgainMs = 5_000;
/** A network mount that is away blocks every call. */
const slowMs = 10_000;
/** A press has to be answered soon. */
const pressWaitMs = 1_000;
/** A block of most file systems. So the test needs a free block, as the next line of the journal may. */
const leastBytes = 4_096;

export function createStateDirectory(options: {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly onChange: () => void;
}): StateDirectory {
  const { clock, log } = options;
  const path = resolve(options.stateDir);
  const check = options.health.check('state', 'failing');
  let problem: string | undefined;
  /** How many bytes the next test writes: at least as many as the last failed write */
  let bytes = leastBytes;
  /** The journal, if a write to it failed; other files may be writable */
  let broken: Journal | undefined;
  let looking: Promise<void> | undefined;
  let timer: Timer | undefined;
  let running = false;

  const set = (next: string | undefined) => {
    if (next === undefined) check.ok(`${path} can be written`);
    else check.bad(next);
    if (next === problem) return;
    problem = next;
    if (next === undefined) log.info({ path }, `${path} (worker.stateDir) can be written again`);
    else log.error({ path }, next);
    options.onChange();
  };

  const look = () => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
      timer?.cancel();
      if (running)
        timer = clock.setTimeout(() => void look(), problem === undefined ? lookEveryMs : lookAgainMs);
    });
    return looking;
  };
  const lookOnce = async () => {
    const slow = clock.setTimeout(
      () => set(notReleased(path, `does not answer within ${slowMs / 1_000} s; check its disk or mount`)),
      slowMs,
    );
    try {
      await tryWriting(path, bytes);
      await broken?.tryOut();
      broken = undefined;
      bytes = leastBytes;
      set(undefined);
    } catch (error) {
      set(whyNot(path, error));
    } finally {
      slow.cancel();
    }
  };
  const lookSoon = () => {
    if (running) void look();
  };

  return {
    start: async () => {
      running = true;
      await waitAtMost(clock, slowMs, look());
    },
    stop: async () => {
      running = false;
      timer?.cancel();
      await looking;
      timer?.cancel();
    },
    problem: () => problem,
    lookAgain: async () => {
      if (problem !== undefined && running) await waitAtMost(clock, pressWaitMs, look());
      return problem;
    },
    watchJournal: (journal) => ({
      ...journal,
      append: async (line, how) => {
        try {
          await journal.append(line, how);
        } catch (error) {
          broken = journal;
          bytes = Math.max(bytes, leastBytes + JSON.stringify(line).length);
          set(whyNot(path, error));
          lookSoon();
          throw error;
        }
      },
    }),
    watchFreezeFile: (file) => ({
      ...file,
      write: async (state) => {
        try {
          await file.write(state);
        } catch (error) {
          lookSoon();
          throw error;
        }
      },
    }),
  };
}

/** Tries it, because quotas, permissions and mounts make it impossible to predict whether a write succeeds. */
async function tryWriting(directory: string, bytes: number): Promise<void> {
  const path = join(directory, '.can-be-written');
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(Buffer.alloc(bytes, 'x'));
    await file.datasync();
  } finally {
    await file.close();
    // Otherwise the next test would only overwrite existing data.
    await unlink(path);
  }
}

function notReleased(path: string, why: string): string {
  return `nothing is released: ${path} (worker.stateDir) ${why}`;
}

function whyNot(path: string, error: unknown): string {
  return notReleased(path, reasons[codeOf(error) ?? ''] ?? `cannot be written: ${messageOf(error)}`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'is full; free some space',
  EDQUOT: 'is full, by the quota of this user; free some space',
  EROFS: 'is on a read-only file system; mount it writable',
  ENOENT: 'does not exist any more; create it again, writable for the worker',
  ENOTDIR: 'is not a directory; create a directory there, writable for the worker',
  EACCES: 'is not writable for this user; make it writable for the worker',
  EPERM: 'is not writable for this user; make it writable for the worker',
};
