// Allows one process for each state directory. Node has no file locks, and a file with a process id says nothing if two
// containers share a volume. So the process that holds the directory listens on a Unix socket in it. The kernel closes the socket
// when the process ends. Its file remains, but nobody answers there.
import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fromTime, toLocalTime } from '../messages/time.ts';
import { makeDirectory } from './durable-file.ts';
import { whoHolds } from './lock-socket.ts';
import type { Found, Holder } from './lock-socket.ts';
import { giveUp, takeTurn } from './lock-turn.ts';
import type { Turn } from './lock-turn.ts';
import type { Log } from './log.ts';
import { messageOf } from './log.ts';

export interface StateLock {
  /** Can be called twice. */
  release(): Promise<void>;
}

/** Another process holds the directory. */
export class StateLockError extends Error {
  override readonly name = 'StateLockError';
}

/** In bytes. Linux has room for 107 bytes and a NUL (unix(7)), other systems have less. */
const longestSocketPath = 100;

/**
 * Works within one machine only: on a network file system, each machine can hold the same directory.
 * @param options.name file name of the lock, a different one for each kind of process that uses the directory
 * @param options.setting the key that names the directory
 * @throws StateLockError when another process holds it. If the file system has no sockets, the log says so.
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
      // A path through the open directory is short, and leads to the same file system.
      directory ??= await open(stateDir, 'r');
      return `/proc/self/fd/${directory.fd}/${basename(of)}`;
    };
    const refuse = (found: Found) => {
      if (found === 'denied') throw deniedError(path, setting);
      if (found !== 'nobody' && found !== 'gone') throw heldError(stateDir, setting, found);
    };
    // Checks before the turn too. A user who may not write to the directory gets no turn, but must hear who holds it.
    refuse(await whoHolds(await address(path)));
    const holder = { pid: process.pid, host, since };
    const turn = await takeTurn({ directory: stateDir, name: options.name, holder, address });
    if (turn === undefined) throw heldError(stateDir, setting, 'unknown');
    try {
      refuse(await whoHolds(await address(path)));
      // Replaces a leftover.
      await rename(turn.ticket, path);
    } catch (error) {
      await giveUp(turn);
      throw error;
    }
    return heldBy({ ...turn, ticket: path }, directory);
  } catch (error) {
    await directory?.close();
    if (error instanceof StateLockError) throw error;
    // The process continues: the part that writes to the directory will report what is wrong with it.
    log.warn(
      { path },
      `the state directory ${stateDir} (${setting}) cannot be locked, so make sure that no second process uses it. The socket ${path} cannot be created: ${messageOf(error)}`,
    );
    return { release: () => Promise.resolve() };
  }
}

function heldError(stateDir: string, setting: string, holder: Holder | 'unknown'): StateLockError {
  const who =
    holder === 'unknown'
      ? 'a process that does not say who it is (it may be paused)'
      : `process ${holder.pid} on ${holder.host}, since ${toLocalTime(fromTime(holder.since))}`;
  return new StateLockError(
    `the state directory ${stateDir} (${setting}) is in use by ${who}. Two processes would corrupt each other's files. Stop the other process, or give this one its own directory (${setting})`,
  );
}

/** The kernel refuses the connection before it checks whether anybody listens. Source: unix(7). */
function deniedError(path: string, setting: string): StateLockError {
  return new StateLockError(
    `this user may not ask ${path} (${setting}) which process holds the state directory (EACCES), because another user owns it. Check whether a process of that user uses the directory. If none does, make the user of this process the owner of the directory and its files (chown -R), or remove ${path}`,
  );
}

function heldBy(turn: Turn, directory: FileHandle | undefined): StateLock {
  let released: Promise<void> | undefined;
  const release = async () => {
    await giveUp(turn);
    await directory?.close();
  };
  return { release: () => (released ??= release()) };
}
