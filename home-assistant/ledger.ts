// What Home Assistant may have of each device: what the broker retains, and what was announced before but the broker has
// forgotten. Home Assistant keeps an entity until it hears of the removal, and does not report which entities it has.
import type { Discovery } from '../messages/home-assistant.ts';
import type { Announced, AnnouncedFile } from './announced-file.ts';
import { componentsOf } from './next-message.ts';

/** Platforms by the keys of components. */
type Platforms = ReadonlyMap<string, string>;

export interface Ledger {
  /** the announcements on the broker, as far as is known on this connection */
  readonly onBroker: Map<string, Discovery>;
  /** All components that Home Assistant may have of the device. */
  components(id: string): Map<string, string>;
  /** Whether Home Assistant may have the device, and nobody has removed it. */
  isAnnounced(id: string): boolean;
  /** Whether there is anything of the device that can be removed. */
  has(id: string): boolean;
  /** ids of removed devices whose removal Home Assistant may have missed */
  readonly removed: ReadonlySet<string>;
  /** Notes that the device is announced like this. */
  announce(id: string, wanted: Discovery): void;
  /** Home Assistant has removed these components. @param present the announced components, which are not forgotten */
  forgetComponents(id: string, gone: Platforms, present: Discovery['components']): void;
  /** Notes that the device is removed. @param isHeard true if Home Assistant certainly listens */
  remove(id: string, isHeard: boolean): void;
  /** Writes the file. Returns at once. */
  save(): void;
}

/** Removed components of a device that are remembered until Home Assistant starts the next time. */
const removedMax = 500;

export function createLedger(announced: Announced, file: Pick<AnnouncedFile, 'write'>): Ledger {
  const { devices, removed } = announced;
  const onBroker = new Map<string, Discovery>();
  const components = (id: string) => {
    const retained = onBroker.get(id);
    return new Map([...(devices.get(id) ?? []), ...(retained === undefined ? [] : componentsOf(retained))]);
  };
  const save = () => file.write(announced);
  return {
    onBroker,
    components,
    isAnnounced: (id) => onBroker.has(id) || (devices.has(id) && !removed.has(id)),
    has: (id) => devices.has(id) || onBroker.has(id),
    removed,
    announce: (id, wanted) => {
      devices.set(id, afterAnnouncing(components(id), wanted));
      removed.delete(id);
    },
    forgetComponents: (id, gone, present) => {
      const before = devices.get(id);
      if (gone.size === 0 || before === undefined) return;
      const left = new Map(before);
      for (const key of gone.keys()) if (!Object.hasOwn(present, key)) left.delete(key);
      devices.set(id, left);
      save();
    },
    remove: (id, isHeard) => {
      const all = components(id);
      onBroker.delete(id);
      if (isHeard) {
        devices.delete(id);
        removed.delete(id);
      } else {
        devices.set(id, all);
        removed.add(id);
      }
    },
    save,
  };
}

/**
 * Applications may come and go for months before Home Assistant starts again. So the oldest removed components are
 * forgotten. Home Assistant has most likely heard of their removal.
 */
function afterAnnouncing(before: Platforms, wanted: Discovery): Platforms {
  const present = componentsOf(wanted);
  const all = new Map([...before, ...present]);
  for (const key of all.keys()) {
    if (all.size <= present.size + removedMax) break;
    if (!present.has(key)) all.delete(key);
  }
  return all;
}
