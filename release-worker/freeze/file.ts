// The freeze on disk, `freeze.json` in the state directory. It survives every restart.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../service/durable-file.ts';
import { codeOf, messageOf } from '../../service/log.ts';
import { freezeState } from '../../messages/freeze.ts';
import { fromMessage, toMessage } from './message.ts';
import type { FreezeState } from './state.ts';

export interface FreezeFile {
  /** `absent`: there is no file yet. @throws an Error for people when the file cannot be read */
  read(): Promise<FreezeState | 'absent'>;
  /** Resolves when the state is on disk. @throws an Error for people when it cannot be written */
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
        if (codeOf(error) === 'ENOENT') return 'absent';
        throw problem('read', error);
      }
      // The file has the same form as the retained message, so that people need to know only one.
      const decoded = freezeState.codec.decode(bytes);
      if (!decoded.ok) throw problem('read', new Error(decoded.error));
      return fromMessage(decoded.value);
    },
    write: async (state) => {
      try {
        await writeDurably(path, `${JSON.stringify(toMessage(state))}\n`);
      } catch (error) {
        throw problem('write', error);
      }
    },
  };
}
