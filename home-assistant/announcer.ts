// Brings what is retained in line with what should be: message by message, not too fast, and nothing that is so already.
import { addressBelow, filterBelow } from '../messages/foreign.ts';
import { discoveryConfig } from '../messages/home-assistant.ts';
import type { Discovery } from '../messages/home-assistant.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import type { Known, Memory } from './memory.ts';
import { componentsOf, isOurs, nextMessage, withFarewell } from './next-message.ts';

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
  /** Says everything again, also what is retained already. */
  sayAll(): void;
}

/**
 * Home Assistant drops most of a second configuration that comes while it sets a new device up, so there is time between
 * two of one device. In milliseconds.
 */
const gapMs = 2_000;

/**
 * What we have announced, and whose agent or worker has said nothing since: it says what it is every minute, so after
 * this long on the broker it is gone. In milliseconds.
 */
const goneAfterMs = 150_000;

/** Components of a device that are gone, and are remembered until the next birth. */
const goneMax = 500;

/** Devices of others that are looked at; a broker with more of them has other problems. */
const retainedMax = 10_000;

export function createAnnouncer(options: {
  readonly link: Pick<Link, 'subscribeRaw' | 'publish' | 'clear'>;
  readonly prefix: string;
  readonly discoveryPrefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** what Home Assistant may know; kept up here */
  readonly known: Known;
  readonly memory: Pick<Memory, 'write'>;
  readonly onPublished: () => void;
}): Announcer {
  const { link, prefix, discoveryPrefix, clock, log, known, memory } = options;
  /** ours, as they are on the broker as far as is known */
  const retained = new Map<string, Discovery>();
  const texts = new Map<string, string>();
  const saidAt = new Map<string, number>();
  /** devices that may not be as they should */
  const open = new Set<string>();
  /** devices to be said again even so, since Home Assistant has been born */
  const again = new Set<string>();
  /** devices that were taken away on this connection */
  const cleared = new Set<string>();
  let devices: ReadonlyMap<string, Discovery> = new Map();
  let removed = new Set<string>();
  let since = -Infinity;
  let timer: Timer | undefined;
  let timerAt = Infinity;
  let running = false;

  const addressOf = (id: string) => addressBelow(discoveryPrefix, discoveryConfig.at({ object: id }));

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
      const dueAt = Math.max((saidAt.get(id) ?? -Infinity) + gapMs, removedAt(id));
      if (now < dueAt) nextAt = Math.min(nextAt, dueAt);
      else if (step(id, now)) nextAt = Math.min(nextAt, now + gapMs);
      else open.delete(id);
    }
    arm(nextAt);
  };

  /** When a device that nothing wants may be taken away. */
  const removedAt = (id: string) => (devices.has(id) || removed.has(id) ? -Infinity : since + goneAfterMs);

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
    const message =
      born || there === undefined ? withFarewell(wanted, leaving(id, wanted)) : nextMessage(there, wanted);
    if (message === undefined) return false;
    // Whoever has just been born hears it; without a birth nobody can tell who does.
    known.set(id, knownAfter(born ? undefined : known.get(id), wanted));
    retained.set(id, message);
    link.publish(addressOf(id), message);
    log.debug({ device: id }, `announced ${id} to Home Assistant`);
    return true;
  };

  /** What Home Assistant may still have, and should not. */
  const leaving = (id: string, wanted: Discovery): Map<string, string> => {
    const there = retained.get(id);
    const all = new Map([...(known.get(id) ?? []), ...(there === undefined ? [] : componentsOf(there))]);
    for (const key of Object.keys(wanted.components)) all.delete(key);
    return all;
  };

  const takeAway = (id: string): boolean => {
    const born = again.delete(id);
    const isThere = retained.delete(id);
    const isKnown = known.has(id) && (born || !cleared.has(id));
    if (!isThere && !isKnown) return false;
    if (born) known.delete(id);
    cleared.add(id);
    log.info({ device: id }, `${id} is gone, and with it from Home Assistant`);
    link.clear(addressOf(id));
    return true;
  };

  const openAll = () => {
    for (const id of [...devices.keys(), ...retained.keys(), ...known.keys()]) open.add(id);
    arm(clock.monotonic());
  };

  return {
    start: () => {
      running = true;
      link.subscribeRaw(filterBelow(discoveryPrefix, discoveryConfig.filter()), (decoded, { params }) => {
        const id = params.object;
        // Also a user of Home Assistant who deletes the device empties it: it stays away until something changes.
        if (decoded === undefined) retained.delete(id);
        else if (decoded.ok && isOurs(prefix, id, decoded.value) && retained.size < retainedMax)
          retained.set(id, decoded.value);
      });
    },
    stop: () => {
      running = false;
      timer?.cancel();
      timer = undefined;
      timerAt = Infinity;
    },
    forget: () => {
      retained.clear();
      cleared.clear();
      open.clear();
      timer?.cancel();
      timerAt = Infinity;
    },
    want: (next) => {
      removed = new Set([...devices.keys(), ...removed].filter((id) => !next.has(id)));
      for (const id of removed) texts.delete(id);
      devices = next;
      for (const [id, discovery] of next) {
        const text = JSON.stringify(discovery);
        if (texts.get(id) === text) continue;
        texts.set(id, text);
        open.add(id);
      }
      for (const id of removed) open.add(id);
      arm(clock.monotonic());
    },
    compareAll: () => {
      since = clock.monotonic();
      openAll();
    },
    sayAll: () => {
      for (const id of [...devices.keys(), ...known.keys()]) again.add(id);
      openAll();
    },
  };
}

/**
 * What Home Assistant may know after a message. Applications may come and go for months without a birth: of what has gone
 * the oldest is forgotten, which it most likely has heard.
 */
function knownAfter(
  before: ReadonlyMap<string, string> = new Map(),
  wanted: Discovery,
): ReadonlyMap<string, string> {
  const present = componentsOf(wanted);
  const all = new Map([...before, ...present]);
  for (const key of all.keys()) {
    if (all.size <= present.size + goneMax) break;
    if (!present.has(key)) all.delete(key);
  }
  return all;
}
