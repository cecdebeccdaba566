// The freeze on the disk, `freeze.json` in the state directory: it outlives every restart.
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../service/log.ts';
import { freezeState } from '../../messages/freeze.ts';
import { fromMessage, toMessage } from './message.ts';
import type { FreezeState } from './state.ts';

export interface FreezeFile {
  /** `absent`: there is none yet. @throws Error, in words for a person, where it cannot be read */
  read(): Promise<FreezeState | 'absent'>;
  /** Resolves when it is on the disk. @throws Error, in words for a person */
  write(state: FreezeState): Promise<void>;
}

export function createFreezeFile(stateDir: string): FreezeFile {
  const path = join(stateDir, 'freeze.json');
  const problem = (what: string, error: unknown) =>
    new Error(`cannot ${what} ${path} (worker.stateDir): ${messageOf(error)}`);

  return {
    read: async () => {
      let bytes: Buffer;
      try {
        bytes = await readFile(path);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'absent';
        throw problem('read', error);
      }
      // The same form as the retained message, so that people need to know one.
      const decoded = freezeState.codec.decode(bytes);
      if (!decoded.ok) throw problem('read', new Error(decoded.error));
      return fromMessage(decoded.value);
    },
    write: async (state) => {
      const next = `${path}.new`;
      try {
        const file = await open(next, 'w', 0o640);
        try {
          await file.writeFile(`${JSON.stringify(toMessage(state))}\n`);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(next, path);
        const directory = await open(stateDir, 'r');
        try {
          await directory.sync();
        } finally {
          await directory.close();
        }
      } catch (error) {
        throw problem('write', error);
      }
    },
  };
}
