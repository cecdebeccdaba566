// Brings what is retained in line with what should be: message by message, not too fast, and nothing that is so already.
import { addressBelow, filterBelow } from '../messages/foreign.ts';
import { discoveryConfig } from '../messages/home-assistant.ts';
import type { Discovery } from '../messages/home-assistant.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import type { Known, Memory } from './memory.ts';
import { componentsOf, isOurs, isSame, nextMessage } from './next-message.ts';
import { withRecalled } from './recalled.ts';

export interface Announcer {
  /** Subscribes to what is retained. */
  start(): void;
  stop(): void;
  /** The connection is gone: what is retained has to be heard again. */
  forget(): void;
  /** What should be; a device that is as it was wanted before is left alone, whatever somebody did to it. */
  want(devices: ReadonlyMap<string, Discovery>): void;
  /** Compares everything with what is retained. */
  compareAll(): void;
  /** Compares one device with what is retained. */
  compare(id: string): void;
  /** Says one device again, even if the broker has it already. */
  sayAgain(id: string): void;
  /** Says everything again, also what is retained already. */
  sayAll(): void;
  /** Whether the broker has kept the announcement of this device since before this connection. */
  hasKept(id: string): boolean;
  /** Whether this device has been announced before, and Home Assistant may know it. */
  isKnown(id: string): boolean;
  /** Somebody has said that the agent or worker of this device is gone for good. */
  takeAway(id: string): void;
  /** Home Assistant has ended: what it has just been told it may not have heard. */
  homeGone(): void;
  /** Which of the wanted devices the broker has taken as they should be, and which it has refused. */
  outcome(): { readonly accepted: ReadonlySet<string>; readonly refused: ReadonlySet<string> };
}

/**
 * Home Assistant drops most of a second configuration that comes while it sets a new device up, so there is time between
 * two of one device. In milliseconds.
 */
const gapMs = 2_000;

/** How long Home Assistant is given to bring back what is then taken away. In milliseconds. */
const recallMs = 3_000;

/**
 * What the broker has kept of us, and of whose agent or worker it has kept nothing: an info is retained as well, and said
 * again every minute, so after this long it was cleared. In milliseconds.
 */
export const goneAfterMs = 150_000;

/** Components of a device that are gone, and are remembered until the next birth. */
const goneMax = 500;

/** Devices of ours that are remembered; more of them nobody has. */
const retainedMax = 500;

export function createAnnouncer(options: {
  readonly link: Pick<Link, 'subscribeRaw' | 'publishOnce' | 'clear'>;
  readonly prefix: string;
  readonly discoveryPrefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** what Home Assistant may know; kept up here */
  readonly known: Known;
  readonly memory: Pick<Memory, 'write'>;
  /** Components with such keys are not known well enough yet to be taken away. */
  readonly isSpared: (device: string, key: string) => boolean;
  readonly ownVersion: string;
  readonly onPublished: () => void;
  /** the broker has taken a message, or refused it */
  readonly onOutcome: () => void;
}): Announcer {
  const { link, prefix, discoveryPrefix, clock, log, known, memory, isSpared, ownVersion } = options;
  /** ours, as they are on the broker as far as is known */
  const retained = new Map<string, Discovery>();
  const saidAt = new Map<string, number>();
  /** devices that may not be as they should */
  const open = new Set<string>();
  /** devices to be said again even so, since Home Assistant has been born */
  const again = new Set<string>();
  /** devices whose announcement the broker has kept since before this connection */
  const kept = new Set<string>();
  /** components that have been taken away on this connection, by device */
  const told = new Map<string, ReadonlySet<string>>();
  /** devices that Home Assistant has been given back what is gone of them, so that it can be taken away */
  const recalled = new Set<string>();
  const taken = new Set<string>();
  const refused = new Set<string>();
  let devices: ReadonlyMap<string, Discovery> = new Map();
  let removed = new Set<string>();
  let since = -Infinity;
  let timer: Timer | undefined;
  let timerAt = Infinity;
  let running = false;

  const addressOf = (id: string) => addressBelow(discoveryPrefix, discoveryConfig.at({ object: id }));

  const disarm = () => {
    timer?.cancel();
    timerAt = Infinity;
  };
  const arm = (at: number) => {
    if (!running || at >= timerAt) return;
    timer?.cancel();
    timerAt = at;
    timer = clock.setTimeout(work, Math.max(0, at - clock.monotonic()));
  };

  const work = () => {
    timerAt = Infinity;
    const now = clock.monotonic();
    let nextAt = Infinity;
    for (const id of open) {
      const at = dueAt(id);
      if (at === undefined) open.delete(id);
      else if (now < at) nextAt = Math.min(nextAt, at);
      else if (step(id, now)) nextAt = Math.min(nextAt, now + gapOf(id));
      else open.delete(id);
    }
    arm(nextAt);
  };

  const gapOf = (id: string) => (recalled.has(id) ? recallMs : gapMs);

  /**
   * When something may be said of a device. Undefined: nothing; what nobody wants has to be known to be gone, and not only
   * not to be heard.
   */
  const dueAt = (id: string): number | undefined => {
    const nextAt = (saidAt.get(id) ?? -Infinity) + gapOf(id);
    if (devices.has(id) || removed.has(id) || recalled.has(id)) return nextAt;
    if (again.has(id) && known.gone.has(id)) return nextAt;
    return kept.has(id) ? Math.max(nextAt, since + goneAfterMs) : undefined;
  };

  /** Says the next message of a device; false: it is as it should be. */
  const step = (id: string, now: number): boolean => {
    const wanted = devices.get(id);
    if (wanted === undefined ? !takeAway(id) : !bringOn(id, wanted)) return false;
    saidAt.set(id, now);
    options.onPublished();
    memory.write(known);
    return true;
  };

  const bringOn = (id: string, wanted: Discovery): boolean => {
    const there = retained.get(id);
    const born = again.delete(id);
    const wasRecalled = recalled.delete(id);
    known.gone.delete(id);
    const said = (!born && !wasRecalled && told.get(id)) || new Set<string>();
    const gone = leaving(id, wanted, said);
    const back = born ? withRecalled({ prefix, id, ownVersion, wanted, gone }) : undefined;
    if (back !== undefined) {
      recalled.add(id);
      known.devices.set(id, knownAfter(maybeKnown(id), wanted));
      send(id, back);
      return true;
    }
    const message = nextMessage(there, wanted, gone) ?? (born ? wanted : undefined);
    if (message === undefined) {
      taken.add(id);
      options.onOutcome();
      return false;
    }
    // What is there again may go again.
    told.set(id, new Set([...said, ...gone.keys()].filter((key) => !Object.hasOwn(wanted.components, key))));
    known.devices.set(id, knownAfter(maybeKnown(id), wanted));
    // Whoever has just been born hears it; without a birth nobody can tell who does.
    send(id, message, born || wasRecalled ? gone : undefined);
    return true;
  };

  /** @param heard what is certainly known to be gone once the broker has taken this */
  const send = (id: string, message: Discovery, heard: ReadonlyMap<string, string> = new Map()) => {
    const before = retained.get(id);
    retained.set(id, message);
    taken.delete(id);
    log.debug({ device: id }, `announced ${id} to Home Assistant`);
    void link.publishOnce(addressOf(id), message).then((outcome) => {
      if (outcome === 'acknowledged') {
        if (retained.get(id) === message || devices.has(id)) taken.add(id);
        refused.delete(id);
        forgetKeys(id, heard);
      } else if (outcome === 'refused') {
        refused.add(id);
        // The broker has the one before, if any, and Home Assistant has been given nothing back.
        if (before === undefined) retained.delete(id);
        else retained.set(id, before);
        recalled.delete(id);
        // The same again would be refused again. A message with more in it is followed by one without.
        const wanted = devices.get(id);
        if (wanted !== undefined && isSame(message, wanted)) open.delete(id);
      }
      options.onOutcome();
    });
  };

  const forgetKeys = (id: string, heard: ReadonlyMap<string, string>) => {
    const before = known.devices.get(id);
    if (heard.size === 0 || before === undefined) return;
    const present = devices.get(id)?.components ?? {};
    const all = new Map(before);
    for (const key of heard.keys()) if (!Object.hasOwn(present, key)) all.delete(key);
    known.devices.set(id, all);
    memory.write(known);
  };

  /** What Home Assistant may still have, and should not, and has not been told on this connection. */
  const leaving = (id: string, wanted: Discovery, said: ReadonlySet<string>): Map<string, string> => {
    const all = maybeKnown(id);
    for (const key of all.keys())
      if (Object.hasOwn(wanted.components, key) || said.has(key) || isSpared(id, key)) all.delete(key);
    return all;
  };

  const maybeKnown = (id: string): Map<string, string> => {
    const there = retained.get(id);
    return new Map([...(known.devices.get(id) ?? []), ...(there === undefined ? [] : componentsOf(there))]);
  };

  const takeAway = (id: string): boolean => {
    const born = again.delete(id);
    const wasRecalled = recalled.delete(id);
    removed.delete(id);
    kept.delete(id);
    const gone = maybeKnown(id);
    const back = born ? withRecalled({ prefix, id, ownVersion, wanted: undefined, gone }) : undefined;
    if (back !== undefined) {
      recalled.add(id);
      send(id, back);
      return true;
    }
    const isThere = retained.delete(id);
    if (!known.devices.has(id) && !isThere) return false;
    if (born || wasRecalled) {
      known.devices.delete(id);
      known.gone.delete(id);
    } else {
      if (!known.gone.has(id)) log.info({ device: id }, `${id} is gone, and with it from Home Assistant`);
      known.devices.set(id, gone);
      known.gone.add(id);
    }
    taken.delete(id);
    refused.delete(id);
    link.clear(addressOf(id));
    return true;
  };

  const openAll = () => {
    for (const id of [...devices.keys(), ...retained.keys(), ...again]) open.add(id);
    arm(clock.monotonic());
  };

  return {
    start: () => {
      running = true;
      link.subscribeRaw(filterBelow(discoveryPrefix, discoveryConfig.filter()), (decoded, about) => {
        const id = about.params.object;
        // Also a user of Home Assistant who deletes the device empties it: it stays away until something changes.
        if (decoded === undefined) {
          retained.delete(id);
          kept.delete(id);
        } else if (decoded.ok && isOurs(prefix, id, decoded.value)) {
          if (retained.size >= retainedMax && !retained.has(id)) return;
          retained.set(id, decoded.value);
          if (!about.retained) return;
          kept.add(id);
          // Who was here before us may have said it just now.
          saidAt.set(id, Math.max(saidAt.get(id) ?? -Infinity, clock.monotonic()));
        }
      });
    },
    stop: () => {
      running = false;
      disarm();
    },
    forget: () => {
      retained.clear();
      kept.clear();
      told.clear();
      open.clear();
      again.clear();
      recalled.clear();
      taken.clear();
      refused.clear();
      disarm();
    },
    want: (next) => {
      const before = devices;
      devices = next;
      removed = new Set([...before.keys(), ...removed].filter((id) => !next.has(id)));
      for (const id of removed) open.add(id);
      for (const [id, discovery] of next)
        if (JSON.stringify(before.get(id)) !== JSON.stringify(discovery)) open.add(id);
      arm(clock.monotonic());
    },
    compareAll: () => {
      since = clock.monotonic();
      openAll();
    },
    compare: (id) => {
      open.add(id);
      arm(clock.monotonic());
    },
    sayAgain: (id) => {
      again.add(id);
      open.add(id);
      arm(clock.monotonic());
    },
    sayAll: () => {
      recalled.clear();
      for (const id of [...devices.keys(), ...known.gone]) again.add(id);
      openAll();
    },
    hasKept: (id) => kept.has(id),
    isKnown: (id) => retained.has(id) || (known.devices.has(id) && !known.gone.has(id)),
    takeAway: (id) => {
      if (devices.has(id) || (!known.devices.has(id) && !retained.has(id))) return;
      removed.add(id);
      open.add(id);
      arm(clock.monotonic());
    },
    homeGone: () => {
      // What was given back has to go from the broker again.
      for (const id of recalled) if (!devices.has(id)) removed.add(id);
      recalled.clear();
      again.clear();
      openAll();
    },
    outcome: () => ({ accepted: taken, refused }),
  };
}

/**
 * What Home Assistant may know after a message. Applications may come and go for months without a birth: of what has gone
 * the oldest is forgotten, which it most likely has heard.
 */
function knownAfter(before: ReadonlyMap<string, string>, wanted: Discovery): ReadonlyMap<string, string> {
  const present = componentsOf(wanted);
  const all = new Map([...before, ...present]);
  for (const key of all.keys()) {
    if (all.size <= present.size + goneMax) break;
    if (!present.has(key)) all.delete(key);
  }
  return all;
}
