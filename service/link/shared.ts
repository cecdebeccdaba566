// State that another process may have published since our last connection: a process that took over our client id, or one with
// another state directory. On every connection, the broker's copy is read before we publish there.
import type { Decoded } from '../../messages/codec.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../log.ts';
import { messageOf } from '../log.ts';
import type { Outgoing } from './wire.ts';

/** Decides what to publish, given the broker's copy. Undefined: the copy is right, or there is nothing to publish. */
type OnStored<M, Said> = (stored: Decoded<M> | undefined) => Said | undefined | Promise<Said | undefined>;

export interface SharedStates {
  add<M>(topic: string, onStored: OnStored<M, Outgoing>): (stored: Decoded<M> | undefined) => void;
  has(topic: string): boolean;
  /** A retained message has arrived, at any topic. */
  arrived(): void;
  /** True if the copy at the topic has been read on this connection, so that we may publish there. */
  isRead(topic: string): boolean;
  /** A connection is open. @param subscribed resolves when the broker has answered its subscriptions */
  opened(subscribed: Promise<unknown>): void;
  closed(): void;
  /** Every copy has been read on this connection. */
  allRead(): boolean;
  /** True when every copy has been read. False: the connection ended before, or there is none. */
  whenRead(): Promise<boolean>;
}

/**
 * The broker sends its copy after its answer to the subscription, perhaps after other retained messages. MQTT cannot say
 * "there is none". So if no retained message arrives for this long, there is none. A copy that arrives later is still
 * handled.
 */
const storedWithinMs = 500;
/** The longest wait, because messages with the retain flag may never end (retain as published). */
const storedLongestMs = 15_000;

export function createSharedStates(options: {
  readonly clock: Clock;
  readonly log: Log;
  readonly send: (message: Outgoing) => void;
}): SharedStates {
  const { clock, log, send } = options;
  const entries = new Map<string, { state: 'unread' | 'heard' | 'read'; none: () => void }>();
  /** Counts connections, to recognise a result that belongs to an earlier one */
  let connection = 0;
  let open = false;
  let patience: Timer | undefined;
  let arrivedAt = -Infinity;
  let waiters: ((read: boolean) => void)[] = [];

  const allRead = () => open && [...entries.values()].every(({ state }) => state === 'read');
  const tell = (read: boolean) => {
    const told = waiters;
    waiters = [];
    for (const waiter of told) waiter(read);
  };

  return {
    add: (topic, onStored) => {
      const take = async (stored: Parameters<typeof onStored>[0]) => {
        const on = connection;
        if (entry.state === 'unread') entry.state = 'heard';
        let message: Outgoing | undefined;
        try {
          message = await onStored(stored);
        } catch (error) {
          log.error(
            { err: error, topic },
            `the retained message on ${topic} could not be handled: ${messageOf(error)}`,
          );
        }
        if (!open || on !== connection) return;
        if (message !== undefined) send(message);
        entry.state = 'read';
        if (allRead()) tell(true);
      };
      const entry: { state: 'unread' | 'heard' | 'read'; none: () => void } = {
        state: 'unread',
        none: () => void take(undefined),
      };
      entries.set(topic, entry);
      return (stored) => void take(stored);
    },
    has: (topic) => entries.has(topic),
    arrived: () => {
      arrivedAt = clock.monotonic();
    },
    isRead: (topic) => open && entries.get(topic)?.state === 'read',
    allRead,
    opened: (subscribed) => {
      connection += 1;
      open = true;
      const on = connection;
      for (const entry of entries.values()) entry.state = 'unread';
      void subscribed.then(() => {
        if (!open || on !== connection) return;
        const begun = clock.monotonic();
        const look = () => {
          const endsAt = Math.min(Math.max(begun, arrivedAt) + storedWithinMs, begun + storedLongestMs);
          const left = endsAt - clock.monotonic();
          if (left > 0) patience = clock.setTimeout(look, left);
          else for (const entry of entries.values()) if (entry.state === 'unread') entry.none();
        };
        look();
      });
    },
    closed: () => {
      open = false;
      patience?.cancel();
      tell(false);
    },
    whenRead: () => {
      if (!open) return Promise.resolve(false);
      if (allRead()) return Promise.resolve(true);
      return new Promise((resolve) => {
        waiters.push(resolve);
      });
    },
  };
}
