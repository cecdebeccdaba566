// One process a state directory. Node has no file locks, and a file with a process id tells nothing where two containers
// share a volume. So the holder listens on a Unix socket in the directory: as long as somebody answers there, it is held.
// The kernel closes the socket with its process, however that ends; the name that stays behind answers nobody.
import { randomUUID } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import * as z from 'zod/mini';
import { fromTime, timeSchema, toLocalTime } from '../messages/time.ts';
import { makeDirectory } from './durable-file.ts';
import type { Log } from './log.ts';
import { codeOf, messageOf } from './log.ts';

export interface StateLock {
  /** Can be called twice. */
  release(): Promise<void>;
}

/** Another process holds the directory. */
export class StateLockError extends Error {
  override readonly name = 'StateLockError';
}

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  since: timeSchema,
});
type Holder = z.infer<typeof holderSchema>;
/** `nobody`: the name is a leftover; `gone`: there is no such name any more; `denied`: this user may not ask there. */
type Found = Holder | 'unknown' | 'denied' | 'nobody' | 'gone';

/** Linux has room for 107 bytes and a NUL (unix(7)), others for fewer. */
const longestSocketPath = 100;
/** A process that is stopped accepts and says nothing. */
const answerWithinMs = 1_000;
const answerLength = 1_024;
/** Whoever starts at the same moment may be ahead, or clear away the same leftover. */
const tries = 5;

/**
 * Only within one machine: a directory on a network file system can be held once on each.
 * @param options.name of the lock's file, one for each kind of file in the directory
 * @param options.setting the key that names the directory
 * @throws StateLockError when another process holds it. Where the file system has no sockets, the log says so.
 */
export async function lockStateDirectory(options: {
  readonly stateDir: string;
  readonly name: string;
  readonly setting: string;
  readonly host: string;
  readonly log: Log;
}): Promise<StateLock> {
  const { setting, host, log } = options;
  const stateDir = resolve(options.stateDir);
  const path = join(stateDir, options.name);
  const since = new Date().toISOString();
  let directory: FileHandle | undefined;

  try {
    await makeDirectory(stateDir);
    const address = async (of: string) => {
      if (Buffer.byteLength(of) <= longestSocketPath) return of;
      // Through the open directory the name is short; a file system is asked by it as by any other.
      directory ??= await open(stateDir, 'r');
      return `/proc/self/fd/${directory.fd}/${basename(of)}`;
    };
    for (let left = tries; left > 0; left -= 1) {
      const server = await listen(await address(path), { pid: process.pid, host, since });
      if (server !== undefined) return heldBy(server, directory);
      const holder = await whoHolds(await address(path));
      if (holder === 'nobody') await clearAway(path, address);
      else if (holder === 'denied') throw deniedError(path, setting);
      else if (holder !== 'gone') throw heldError(stateDir, setting, holder);
    }
    throw heldError(stateDir, setting, 'unknown');
  } catch (error) {
    await directory?.close();
    if (error instanceof StateLockError) throw error;
    // Whatever is wrong with the directory itself is said by whoever writes there.
    log.warn(
      { path },
      `nothing keeps a second process out of ${stateDir} (${setting}): ${path} cannot be made a socket: ${messageOf(error)}`,
    );
    return { release: () => Promise.resolve() };
  }
}

function heldError(stateDir: string, setting: string, holder: Holder | 'unknown'): StateLockError {
  const who =
    holder === 'unknown'
      ? 'a process that does not say who it is (it may be stopped)'
      : `process ${holder.pid} on ${holder.host}, since ${toLocalTime(fromTime(holder.since))}`;
  return new StateLockError(
    `the state directory ${stateDir} (${setting}) is in use by ${who}. Two processes would spoil each other's files: stop that one, or give this one a directory of its own (${setting})`,
  );
}

/** The kernel refuses before it looks whether somebody listens there at all. Source: unix(7). */
function deniedError(path: string, setting: string): StateLockError {
  return new StateLockError(
    `${path} (${setting}) may not be asked who holds the state directory (EACCES): it belongs to another user. See whether a process of that user runs with this directory; if none does, give the directory and all in it to the user of this process, or remove ${path}`,
  );
}

/** @returns undefined where the name is taken */
function listen(path: string, holder: Holder): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      // Whoever asks may be stopped, and must not hold up the end of this process.
      socket.end(`${JSON.stringify(holder)}\n`, () => socket.destroy());
    });
    server.on('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE') done(undefined);
      else fail(error);
    });
    server.listen(path, () => {
      // It must not keep the process alive.
      server.unref();
      done(server);
    });
  });
}

function heldBy(server: Server, directory: FileHandle | undefined): StateLock {
  let released: Promise<void> | undefined;
  const release = async () => {
    // Closing takes the name away too.
    await new Promise<void>((done) => {
      server.close(() => done());
    });
    await directory?.close();
  };
  return { release: () => (released ??= release()) };
}

const foundBy: Readonly<Record<string, Found>> = {
  ECONNREFUSED: 'nobody',
  ENOENT: 'gone',
  EACCES: 'denied',
  EPERM: 'denied',
};

function whoHolds(path: string): Promise<Found> {
  return new Promise((done) => {
    const socket = connect(path);
    let text = '';
    const answer = (holder: Found) => {
      socket.destroy();
      done(holder);
    };
    const tell = () => {
      try {
        answer(holderSchema.parse(JSON.parse(text)));
      } catch {
        answer('unknown');
      }
    };
    socket.setTimeout(answerWithinMs, tell);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.length > answerLength) answer('unknown');
    });
    socket.on('end', tell);
    socket.on('error', (error) => {
      const code = codeOf(error);
      answer(foundBy[code ?? ''] ?? 'unknown');
    });
  });
}

/** Another process may have done the same just now, and hold the name already: what was taken away is looked at. */
async function clearAway(path: string, address: (of: string) => Promise<string>): Promise<void> {
  const aside = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}`);
  try {
    await rename(path, aside);
    if ((await whoHolds(await address(aside))) !== 'nobody') await link(aside, path);
    await unlink(aside);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  }
}
