// The memory of the broker, as a persistence for aedes: retained messages, within limits, and the QoS 2 messages of each
// connection that wait for their PUBREL. It keeps nothing for absent clients. A session ends with its connection, so a client
// that has gone leaves no messages, subscriptions or last will behind.
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { hasWildcard, levelsMatch } from './topics.ts';

/** The part of a message that aedes stores and reads back. */
interface StoredMessage {
  readonly cmd: 'publish';
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: true;
  readonly properties?: Readonly<Record<string, unknown>>;
  /** In milliseconds since the epoch. aedes sets it from the message expiry interval. */
  readonly messageExpiry?: number;
}

interface Kept {
  readonly message: StoredMessage;
  /** Size in bytes, measured once */
  readonly size: number;
}

interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly messageExpiry?: number;
}

/** After this many comparisons a search lets other work run. A client may subscribe to thousands of wildcards. */
const comparedInATurn = 50_000;

/** A connection, used only as a key. */
type Owner = object;

interface Acknowledged {
  readonly messageId?: number;
}

export interface StoreOptions {
  readonly maximumMessages: number;
  readonly maximumBytes: number;
  /** In milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Store {
  /** The value for the option `persistence` of aedes. */
  readonly persistence: {
    storeRetained(message: Message): Promise<void>;
    /** Stream of objects with `cmd`, `topic`, `payload`, `qos` and other members. */
    createRetainedStreamCombi(filters: readonly string[]): Readable;
  };
  retainedMessages(): number;
  retainedBytes(): number;
  /** True if a retained message fits; drops expired ones to make room. An empty one always fits, because it clears. */
  hasRoomFor(message: Message): boolean;
  /** Counts a QoS 2 message before it is stored, so that a burst in one segment counts too. */
  noteUnreleased(owner: Owner, messageId: number): void;
  unreleased(owner: Owner): ReadonlyMap<number, 'noted' | 'published'>;
}

export function createStore(options: StoreOptions): Store {
  const retained = new Map<string, Kept>();
  let bytes = 0;
  /** No retained message expires earlier than this. In milliseconds since the epoch. */
  let nextExpiry = Infinity;
  // Keyed by connection instead of client id: a new connection must not inherit the message ids of the old one.
  const awaiting = new WeakMap<Owner, Map<number, 'noted' | 'published'>>();

  const unreleased = (owner: Owner) => {
    const states = awaiting.get(owner) ?? new Map<number, 'noted' | 'published'>();
    awaiting.set(owner, states);
    return states;
  };

  const forget = (topic: string) => {
    const old = retained.get(topic);
    if (old === undefined) return;
    bytes -= old.size;
    retained.delete(topic);
  };

  const fits = (message: Message) => {
    const old = retained.get(message.topic);
    return (
      retained.size + (old === undefined ? 1 : 0) <= options.maximumMessages &&
      bytes - (old?.size ?? 0) + sizeOf(message) <= options.maximumBytes
    );
  };

  const forgetExpired = () => {
    const now = options.now();
    // Called for each message while the store is full, so it must not search all messages each time.
    if (now < nextExpiry) return;
    nextExpiry = Infinity;
    for (const { message } of retained.values()) {
      const { topic, messageExpiry = Infinity } = message;
      if (messageExpiry <= now) forget(topic);
      else nextExpiry = Math.min(nextExpiry, messageExpiry);
    }
  };

  const hasRoomFor = (message: Message) => {
    if (message.payload.length === 0 || fits(message)) return true;
    forgetExpired();
    return fits(message);
  };

  /** Reads the current message at the last moment. A stream reads ahead, and would send an old message after a newer one. */
  const newest = ({ message }: Kept): StoredMessage =>
    new Proxy(message, {
      get: (_, member): unknown =>
        Reflect.get(retained.get(message.topic)?.message ?? { ...message, payload: Buffer.alloc(0) }, member),
    });

  async function* retainedBy(filters: readonly string[]): AsyncGenerator<StoredMessage> {
    for (const filter of filters) {
      const kept = hasWildcard(filter) ? undefined : retained.get(filter);
      if (kept !== undefined) yield newest(kept);
    }
    const wild = filters.filter(hasWildcard).map((filter) => filter.split('/'));
    if (wild.length === 0) return;
    // A snapshot: the subscriber receives later messages anyway, and the search must end.
    const all = [...retained.values()];
    let compared = 0;
    for (const kept of all) {
      compared += wild.length;
      if (compared >= comparedInATurn) {
        compared = 0;
        await turn();
      }
      const { topic } = kept.message;
      const levels = topic.split('/');
      for (const wanted of wild)
        // The new subscriber has already received each later change.
        if (levelsMatch(wanted, levels) && retained.get(topic) === kept) yield newest(kept);
    }
  }

  const persistence = {
    setup: async () => {},

    storeRetained: async (message: Message) => {
      if (message.payload.length === 0) {
        forget(message.topic);
        return;
      }
      // Checked again, because several messages of one segment pass the access rule before the first is stored.
      if (!hasRoomFor(message)) throw new Error(`no room to retain ${message.topic}`);
      const { topic, payload, qos = 0, properties, messageExpiry } = message;
      forget(topic);
      const stored: StoredMessage = {
        cmd: 'publish',
        topic,
        // A copy, because the parser's buffer is a view of the whole received segment.
        payload: Buffer.from(payload),
        qos,
        retain: true,
        ...(properties === undefined ? {} : { properties }),
        ...(messageExpiry === undefined ? {} : { messageExpiry }),
      };
      const size = sizeOf(stored);
      retained.set(topic, { message: stored, size });
      bytes += size;
      nextExpiry = Math.min(nextExpiry, messageExpiry ?? Infinity);
    },
    createRetainedStreamCombi: (filters: readonly string[]) => Readable.from(retainedBy(filters)),

    incomingStorePacket: async (owner: Owner, packet: Acknowledged) => {
      if (packet.messageId !== undefined) unreleased(owner).set(packet.messageId, 'published');
    },
    incomingGetPacket: async (owner: Owner, packet: Acknowledged) => {
      const { messageId } = packet;
      if (messageId === undefined || unreleased(owner).get(messageId) !== 'published') {
        throw new Error('no such packet');
      }
      return packet;
    },
    incomingDelPacket: async (owner: Owner, packet: Acknowledged) => {
      if (packet.messageId !== undefined) unreleased(owner).delete(packet.messageId);
    },

    // Sessions and wills end with their connection. aedes keeps them on the connection itself.
    addSubscriptions: async () => {},
    removeSubscriptions: async () => {},
    cleanSubscriptions: async () => {},
    subscriptionsByClient: async () => [],
    subscriptionsByTopic: async () => [],
    outgoingEnqueue: async () => {},
    outgoingEnqueueCombi: async () => {},
    outgoingUpdate: async () => {},
    outgoingClearMessageId: async () => undefined,
    outgoingStream: () => Readable.from([]),
    putWill: async () => {},
    delWill: async () => undefined,
    streamWill: () => Readable.from([]),
  };

  return {
    persistence,
    retainedMessages: () => retained.size,
    retainedBytes: () => bytes,
    hasRoomFor,
    noteUnreleased: (owner, messageId) => {
      const states = unreleased(owner);
      if (!states.has(messageId)) states.set(messageId, 'noted');
    },
    unreleased,
  };
}

function sizeOf(message: Message): number {
  const properties = message.properties === undefined ? '' : JSON.stringify(message.properties);
  return Buffer.byteLength(message.topic) + message.payload.length + Buffer.byteLength(properties);
}
