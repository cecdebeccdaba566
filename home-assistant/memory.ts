// What Home Assistant may know of us, on the disk. It tells nobody, and to leave something out takes nothing away there:
// without a memory nobody could take away what was announced before a broker that keeps nothing was restarted.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { makeDirectory, writeDurably } from '../service/durable-file.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Log } from '../service/log.ts';
import { codeOf, messageOf } from '../service/log.ts';
import { isDeviceId, wordOf } from './names.ts';

export interface Known {
  /** platforms by the keys of components, by the ids of devices */
  readonly devices: Map<string, ReadonlyMap<string, string>>;
  /** those of the devices that are gone, and of which nobody knows whether Home Assistant has heard it */
  readonly gone: Set<string>;
}

export interface Memory {
  /** Empty where there is none; what cannot be read is said in the log, and begun anew. */
  read(): Promise<Known>;
  /** Returns at once; a failure is said in the log and in the health, and it is tried again. */
  write(known: Known): void;
  /** Resolves when what was written last is on the disk, or has failed. It is not tried again afterwards. */
  settled(): Promise<void>;
}

const fileSchema = z.object({
  devices: z.record(z.string(), z.record(z.string(), z.string())),
  gone: z.optional(z.array(z.string())),
});
/** Of some megabytes at most this is read; ours is far below. */
const maxBytes = 4 * 1024 * 1024;

const writeAgainMs = 60_000;

/**
 * @param prefix of our topics; each has a file of its own
 * @param keep says how the file is, and when to write it again; without it a failure is final
 */
export function createMemory(
  stateDir: string,
  prefix: string,
  log: Log,
  keep?: { readonly clock: Clock; readonly health: Health },
): Memory {
  const path = join(stateDir, `home-assistant.${wordOf(prefix)}.json`);
  let writing: Promise<void> = Promise.resolve();
  let latest = '';
  let said = '';
  let timer: Timer | undefined;
  const check = keep?.health.check('home-assistant-state', 'degraded');

  const complain = (what: string, error: unknown) => {
    const message = `cannot ${what} ${path} (homeAssistant.stateDir): ${messageOf(error)}; what is removed while the broker forgets will stay in Home Assistant`;
    if (message !== said) log.warn(message);
    said = message;
    check?.bad(message);
  };
  const save = async (text: string) => {
    // A newer one is on its way.
    if (text !== latest) return;
    try {
      await makeDirectory(stateDir);
      await writeDurably(path, text);
      said = '';
      check?.ok();
    } catch (error) {
      complain('write', error);
      timer?.cancel();
      timer = keep?.clock.setTimeout(() => enqueue(text), writeAgainMs);
    }
  };

  const enqueue = (text: string) => {
    writing = writing.then(() => save(text));
  };

  return {
    read: async () => {
      try {
        const bytes = await readFile(path);
        if (bytes.byteLength > maxBytes) throw new Error(`it has ${bytes.byteLength} bytes`);
        const { devices, gone = [] } = fileSchema.parse(JSON.parse(bytes.toString('utf8')));
        check?.ok();
        const ours = Object.entries(devices).filter(([id]) => isDeviceId(prefix, id));
        return {
          devices: new Map(ours.map(([id, keys]) => [id, new Map(Object.entries(keys))])),
          gone: new Set(gone.filter((id) => ours.some(([ourId]) => ourId === id))),
        };
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') complain('read', error);
        else check?.ok();
        return { devices: new Map(), gone: new Set() };
      }
    },
    write: ({ devices, gone }) => {
      const text = `${JSON.stringify({
        devices: Object.fromEntries([...devices].map(([id, keys]) => [id, Object.fromEntries(keys)])),
        gone: [...gone],
      })}\n`;
      if (text === latest) return;
      latest = text;
      enqueue(text);
    },
    settled: async () => {
      await writing;
      timer?.cancel();
    },
  };
}
