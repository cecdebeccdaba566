// A file with everything that was announced and that Home Assistant may still have. Without it, nothing could be removed from
// Home Assistant after the restart of a broker that retains nothing.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { makeDirectory, writeDurably } from '../service/durable-file.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import { codeOf, messageOf, type Log } from '../service/log.ts';
import { isDeviceId, wordOf } from './names.ts';

export interface Announced {
  /** platforms by the keys of components, by the ids of devices */
  readonly devices: Map<string, ReadonlyMap<string, string>>;
  /** ids of removed devices whose removal Home Assistant may have missed */
  readonly removed: Set<string>;
}

export interface AnnouncedFile {
  /** Empty if there is no file. A file that cannot be read is reported in the log and ignored. */
  read(): Promise<Announced>;
  /** Returns at once. A failure is reported in log and health, and the write is retried. */
  write(announced: Announced): void;
  /** Resolves when the last write has succeeded or failed. It is not retried afterwards. */
  settled(): Promise<void>;
}

const fileSchema = z.object({
  devices: z.record(z.string(), z.record(z.string(), z.string())),
  removed: z.optional(z.array(z.string())),
});
/** Our own file is much smaller. */
const maxBytes = 4 * 1024 * 1024;

const retryMs = 60_000;

/**
 * @param prefix the topic prefix; each has a file of its own
 * @param keep given by a process that keeps running: it reports faults in its health, and retries a failed write
 */
export function createAnnouncedFile(
  stateDir: string,
  prefix: string,
  log: Log,
  keep?: { readonly clock: Clock; readonly health: Health },
): AnnouncedFile {
  const path = join(stateDir, `home-assistant.${wordOf(prefix)}.json`);
  let writing: Promise<void> = Promise.resolve();
  let latest = '';
  let logged = '';
  let timer: Timer | undefined;
  const check = keep?.health.check('home-assistant-state', 'degraded');

  const complain = (what: string, error: unknown) => {
    const message = `cannot ${what} ${path} (homeAssistant.stateDir): ${messageOf(error)}; after a restart of a broker that retains nothing, devices and entities that are removed will stay in Home Assistant`;
    if (message !== logged) log.warn(message);
    logged = message;
    check?.bad(message);
  };
  const save = async (text: string) => {
    // A newer text waits to be written.
    if (text !== latest) return;
    try {
      await makeDirectory(stateDir);
      await writeDurably(path, text);
      logged = '';
      check?.ok();
    } catch (error) {
      complain('write', error);
      timer?.cancel();
      timer = keep?.clock.setTimeout(() => enqueue(text), retryMs);
    }
  };

  const enqueue = (text: string) => {
    writing = writing.then(() => save(text));
  };

  return {
    read: async () => {
      try {
        const bytes = await readFile(path);
        if (bytes.byteLength > maxBytes)
          throw new Error(`the file has ${bytes.byteLength} bytes, more than ${maxBytes}`);
        const { devices, removed = [] } = fileSchema.parse(JSON.parse(bytes.toString('utf8')));
        check?.ok();
        const ours = Object.entries(devices).filter(([id]) => isDeviceId(prefix, id));
        return {
          devices: new Map(ours.map(([id, keys]) => [id, new Map(Object.entries(keys))])),
          removed: new Set(removed.filter((id) => ours.some(([ourId]) => ourId === id))),
        };
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') complain('read', error);
        else check?.ok();
        return { devices: new Map(), removed: new Set() };
      }
    },
    write: ({ devices, removed }) => {
      const text = `${JSON.stringify({
        devices: Object.fromEntries([...devices].map(([id, keys]) => [id, Object.fromEntries(keys)])),
        removed: [...removed],
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
