// Brings the announcements on the broker in line with what should be announced: message by message, at a limited pace. It
// does not repeat what the broker already has.
import { addressBelow, filterBelow } from '../messages/foreign.ts';
import { discoveryConfig, type Discovery } from '../messages/home-assistant.ts';
import type { Clock } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import type { Announced, AnnouncedFile } from './announced-file.ts';
import { createLedger } from './ledger.ts';
import { isOurs, isSame, nextMessage } from './next-message.ts';
import { createPaced } from './paced.ts';
import { withReannounced } from './reannounced.ts';

export interface Announcer {
  /** Subscribes to the announcements. */
  start(): void;
  stop(): void;
  /** The connection was lost: forgets what the broker retains, until the broker sends it again. */
  connectionChanged(): void;
  /** Sets what should be announced. A device that has not changed since the last call stays as it is on the broker. */
  want(devices: ReadonlyMap<string, Discovery>): void;
  /** Compares all devices with what the broker retains. */
  compareAll(): void;
  compare(id: string): void;
  /** Home Assistant has started: announces all devices again, also those that the broker retains. */
  repeatAll(): void;
  repeat(id: string): void;
  /** Whether the broker has kept the announcement of this device since before this connection. */
  isKept(id: string): boolean;
  /** Whether this device has been announced before, and Home Assistant may have it. */
  isAnnounced(id: string): boolean;
  /** Somebody has removed the agent or worker of this device for good. */
  remove(id: string): void;
  /** Home Assistant has stopped, and may have missed the last messages. */
  homeAssistantStopped(): void;
  /** Which of the wanted devices the broker has accepted, and which it has refused. */
  outcome(): { readonly accepted: ReadonlySet<string>; readonly refused: ReadonlySet<string> };
}

/**
 * The time between two messages of one device. While Home Assistant sets a new device up, it drops most of a second message.
 * In milliseconds.
 */
const gapMs = 2_000;

/** How long Home Assistant gets to set up a component that is announced again only to be removed. In milliseconds. */
const reannouncedMs = 3_000;

/**
 * An agent or worker repeats its info every minute. If the broker has kept its announcement, but no info for this long, then
 * somebody has cleared the info. In milliseconds.
 */
export const goneAfterMs = 150_000;

/** More devices than anybody has. Further ones are ignored. */
const devicesMax = 500;

export function createAnnouncer(options: {
  readonly link: Pick<Link, 'subscribeRaw' | 'publishOnce' | 'clear'>;
  readonly prefix: string;
  readonly discoveryPrefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** what was announced before; kept up to date here */
  readonly announced: Announced;
  readonly file: Pick<AnnouncedFile, 'write'>;
  /** True while too little is known to remove a component with this key. */
  readonly isSpared: (device: string, key: string) => boolean;
  readonly ownVersion: string;
  readonly onPublished: () => void;
  /** the broker has accepted or refused a message */
  readonly onOutcome: () => void;
}): Announcer {
  const { link, prefix, discoveryPrefix, clock, log, isSpared, ownVersion } = options;
  const ledger = createLedger(options.announced, options.file);
  const sentAt = new Map<string, number>();
  /** devices to announce again although the broker retains them, because Home Assistant has started */
  const repeats = new Set<string>();
  /** devices whose announcement the broker has kept since before this connection */
  const kept = new Set<string>();
  /** components whose removal was sent on this connection, by device */
  const removalsSent = new Map<string, ReadonlySet<string>>();
  /** devices whose removed components were just announced again, so that Home Assistant can remove them */
  const reannounced = new Set<string>();
  const accepted = new Set<string>();
  const refused = new Set<string>();
  let devices: ReadonlyMap<string, Discovery> = new Map();
  /** devices that are no longer wanted */
  let unwanted = new Set<string>();
  let comparedAt = -Infinity;

  const addressOf = (id: string) => addressBelow(discoveryPrefix, discoveryConfig.at({ object: id }));

  /** An unwanted device is removed only if its agent or worker is known to be gone. Silence alone is no proof of that. */
  const dueAt = (id: string): number | undefined => {
    const nextAt = (sentAt.get(id) ?? -Infinity) + (reannounced.has(id) ? reannouncedMs : gapMs);
    if (devices.has(id) || unwanted.has(id) || reannounced.has(id)) return nextAt;
    if (repeats.has(id) && ledger.removed.has(id)) return nextAt;
    return kept.has(id) ? Math.max(nextAt, comparedAt + goneAfterMs) : undefined;
  };

  /** Sends the next message of a device. False: the device is as it should be. */
  const step = (id: string, now: number): boolean => {
    const wanted = devices.get(id);
    if (wanted === undefined ? !takeAway(id) : !bringInLine(id, wanted)) return false;
    sentAt.set(id, now);
    options.onPublished();
    ledger.save();
    return true;
  };
  const paced = createPaced({ clock, dueAt, step });

  const bringInLine = (id: string, wanted: Discovery): boolean => {
    const isRepeat = repeats.delete(id);
    const wasReannounced = reannounced.delete(id);
    const sent = (!isRepeat && !wasReannounced && removalsSent.get(id)) || new Set<string>();
    const leaving = componentsToRemove(id, wanted, sent);
    const more = isRepeat ? withReannounced({ prefix, id, ownVersion, wanted, removed: leaving }) : undefined;
    if (more !== undefined) {
      reannounced.add(id);
      ledger.announce(id, wanted);
      send(id, more);
      return true;
    }
    const message = nextMessage(ledger.onBroker.get(id), wanted, leaving) ?? (isRepeat ? wanted : undefined);
    if (message === undefined) {
      ledger.announce(id, wanted);
      accepted.add(id);
      options.onOutcome();
      return false;
    }
    // A component that is present again may be removed again.
    removalsSent.set(
      id,
      new Set([...sent, ...leaving.keys()].filter((key) => !Object.hasOwn(wanted.components, key))),
    );
    ledger.announce(id, wanted);
    // Home Assistant certainly listens just after its start. At other times, this is not known.
    send(id, message, isRepeat || wasReannounced ? leaving : undefined);
    return true;
  };

  /** @param removed components that Home Assistant has certainly removed once the broker has accepted the message */
  const send = (id: string, message: Discovery, removed: ReadonlyMap<string, string> = new Map()) => {
    const before = ledger.onBroker.get(id);
    ledger.onBroker.set(id, message);
    accepted.delete(id);
    log.debug({ device: id }, `announced ${id} to Home Assistant`);
    void link.publishOnce(addressOf(id), message).then((outcome) => {
      if (outcome === 'acknowledged') {
        if (ledger.onBroker.get(id) === message || devices.has(id)) accepted.add(id);
        refused.delete(id);
        ledger.forgetComponents(id, removed, devices.get(id)?.components ?? {});
      } else if (outcome === 'refused') {
        refused.add(id);
        // The broker still has the previous message, if there is one, and Home Assistant got no new one.
        if (before === undefined) ledger.onBroker.delete(id);
        else ledger.onBroker.set(id, before);
        reannounced.delete(id);
        // The broker would refuse this message again. But if it refused one with removals, which is larger, it may accept
        // the next one.
        const wanted = devices.get(id);
        if (wanted !== undefined && isSame(message, wanted)) paced.remove(id);
      }
      options.onOutcome();
    });
  };

  /** Components that Home Assistant may still have and should not, and whose removal was not sent on this connection. */
  const componentsToRemove = (id: string, wanted: Discovery, sent: ReadonlySet<string>) => {
    const all = ledger.components(id);
    for (const key of all.keys())
      if (Object.hasOwn(wanted.components, key) || sent.has(key) || isSpared(id, key)) all.delete(key);
    return all;
  };

  const takeAway = (id: string): boolean => {
    const isRepeat = repeats.delete(id);
    const wasReannounced = reannounced.delete(id);
    unwanted.delete(id);
    kept.delete(id);
    const more = isRepeat
      ? withReannounced({ prefix, id, ownVersion, wanted: undefined, removed: ledger.components(id) })
      : undefined;
    if (more !== undefined) {
      reannounced.add(id);
      send(id, more);
      return true;
    }
    if (!ledger.has(id)) return false;
    const isHeard = isRepeat || wasReannounced;
    if (!isHeard && !ledger.removed.has(id))
      log.info({ device: id }, `${id} is gone, so it is removed from Home Assistant`);
    ledger.remove(id, isHeard);
    accepted.delete(id);
    refused.delete(id);
    link.clear(addressOf(id));
    return true;
  };

  const addAll = () => paced.add([...devices.keys(), ...ledger.onBroker.keys(), ...repeats]);
  const hear = (id: string, announcement: Discovery, isRetained: boolean) => {
    if (ledger.onBroker.size >= devicesMax && !ledger.onBroker.has(id)) return;
    ledger.onBroker.set(id, announcement);
    if (!isRetained) return;
    kept.add(id);
    // The previous run of this process may have sent it just now.
    sentAt.set(id, Math.max(sentAt.get(id) ?? -Infinity, clock.monotonic()));
  };

  return {
    start: () => {
      paced.start();
      link.subscribeRaw(filterBelow(discoveryPrefix, discoveryConfig.filter()), (decoded, about) => {
        const id = about.params.object;
        // Deleting the device in Home Assistant also clears its topic. It stays deleted until something about it changes.
        if (decoded === undefined) {
          ledger.onBroker.delete(id);
          kept.delete(id);
        } else if (decoded.ok && isOurs(prefix, id, decoded.value)) hear(id, decoded.value, about.retained);
      });
    },
    stop: paced.stop,
    connectionChanged: () => {
      for (const list of [ledger.onBroker, kept, removalsSent, repeats, reannounced, accepted, refused])
        list.clear();
      paced.clear();
    },
    want: (next) => {
      const before = devices;
      devices = next;
      unwanted = new Set([...before.keys(), ...unwanted].filter((id) => !next.has(id)));
      const changed = [...next].filter(
        ([id, discovery]) => JSON.stringify(before.get(id)) !== JSON.stringify(discovery),
      );
      paced.add([...unwanted, ...changed.map(([id]) => id)]);
    },
    compareAll: () => {
      comparedAt = clock.monotonic();
      addAll();
    },
    compare: (id) => paced.add([id]),
    repeatAll: () => {
      reannounced.clear();
      for (const id of [...devices.keys(), ...ledger.removed]) repeats.add(id);
      addAll();
    },
    repeat: (id) => {
      repeats.add(id);
      paced.add([id]);
    },
    isKept: (id) => kept.has(id),
    isAnnounced: ledger.isAnnounced,
    remove: (id) => {
      if (devices.has(id) || !ledger.has(id)) return;
      unwanted.add(id);
      paced.add([id]);
    },
    homeAssistantStopped: () => {
      // Components that were announced again only to be removed must not stay on the broker.
      for (const id of reannounced) if (!devices.has(id)) unwanted.add(id);
      reannounced.clear();
      repeats.clear();
      addAll();
    },
    outcome: () => ({ accepted, refused }),
  };
}
