// What Home Assistant may have of each device: what the broker retains of it, and what was announced before on a broker that
// has forgotten it. Home Assistant forgets an entity only when it hears of its removal, and tells nobody what it has.
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
  /** devices that were removed, while nobody knows whether Home Assistant has heard of it */
  readonly removed: ReadonlySet<string>;
  /** The device is announced like this. */
  announce(id: string, wanted: Discovery): void;
  /** Home Assistant has heard that these components are removed. @param present those that it has in spite of that */
  forgetComponents(id: string, heard: Platforms, present: Discovery['components']): void;
  /** The device is removed. @param isHeard Home Assistant certainly listens */
  remove(id: string, isHeard: boolean): void;
  /** Writes it down. Returns at once. */
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
    forgetComponents: (id, heard, present) => {
      const before = devices.get(id);
      if (heard.size === 0 || before === undefined) return;
      const left = new Map(before);
      for (const key of heard.keys()) if (!Object.hasOwn(present, key)) left.delete(key);
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
 * Applications may come and go for months before Home Assistant starts again. Of the removed components the oldest are
 * forgotten: Home Assistant has most likely heard of them.
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
