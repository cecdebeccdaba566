// Checks that the worker can keep its journal: the directory exists or can be created, is writable, and has room. Leaves
// nothing behind and takes no lock, because the worker may be running.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, stat, statfs, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { codeOf, messageOf } from '../service/log.ts';
import { failed, ok, warning } from './row.ts';
import type { Row } from './row.ts';

const about = { check: 'state' } as const;
/** A release of 10,000 applications writes about 3 MB at once. With less than this, the next few releases do not fit. */
const leastFreeBytes = 20_000_000;
const littleFreeBytes = 200_000_000;

export async function checkStateDirectory(stateDir: string, cwd: string): Promise<Row> {
  const path = resolve(cwd, stateDir);
  const user = nameOfUser();
  const fault = (what: string, remedy: string) =>
    failed(about, `${path} (worker.stateDir): ${what}`, remedy, { path, writable: false });
  const makeWritable = `make ${path} a directory that the user of the worker may write to (chown, chmod), or set worker.stateDir to another directory; doctor ran as ${user}`;
  try {
    const existing = await nearestThatExists(path);
    if (!(await stat(existing)).isDirectory())
      return fault(
        `${existing === path ? 'it' : existing} is a file, not a directory`,
        `move ${existing} away, or set worker.stateDir to another directory`,
      );
    if (existing === path) {
      await tryWriting(path);
      for (const file of ['journal.jsonl', 'freeze.json']) await tryOpening(join(path, file));
    } else await access(existing, constants.W_OK | constants.X_OK);

    const { bavail, bsize } = await statfs(existing);
    const freeBytes = bavail * bsize;
    const details = { path, exists: existing === path, writable: true, freeBytes };
    const room = `${Math.floor(freeBytes / 1_000_000)} MB free`;
    const found = `${path} ${existing === path ? `can be written by ${user}` : `does not exist yet and can be created by ${user}`}, ${room}`;
    if (freeBytes < leastFreeBytes)
      return failed(
        about,
        found,
        `free disk space: the worker releases nothing while it cannot write its journal`,
        details,
      );
    if (freeBytes < littleFreeBytes) return warning(about, found, 'free disk space soon', details);
    return ok(about, found, details);
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return fault(
        `the disk is full, or a quota is used up (${code})`,
        'free disk space: the worker releases nothing while it cannot write its journal',
      );
    if (code === 'EROFS')
      return fault(
        'the file system is read-only (EROFS)',
        `mount it writable, or set worker.stateDir to a directory on another file system`,
      );
    return fault(`it cannot be written (${code === '' ? messageOf(error) : code})`, makeWritable);
  }
}

async function nearestThatExists(path: string): Promise<string> {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    try {
      await stat(candidate);
      return candidate;
    } catch (error) {
      const code = codeOf(error);
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || candidate === dirname(candidate)) throw error;
    }
  }
}

/** Writes a file, because the effects of permissions, quotas and read-only mounts are too different to calculate. */
async function tryWriting(directory: string): Promise<void> {
  const probe = join(directory, `.doctor-${randomBytes(6).toString('hex')}`);
  const file = await open(probe, 'wx', 0o600);
  try {
    await file.writeFile('\n');
  } finally {
    await file.close();
    await unlink(probe);
  }
}

/** Opens the file for writing if it exists. Does not create or change it. */
async function tryOpening(path: string): Promise<void> {
  try {
    await (await open(path, constants.O_RDWR | constants.O_APPEND)).close();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function nameOfUser(): string {
  try {
    return `the user ${userInfo().username}`;
  } catch {
    return `the user with the id ${process.getuid?.() ?? 'unknown'}`;
  }
}
