// What the broker remembers, in the shape that aedes asks of a persistence: retained messages, within bounds, and which
// QoS 2 messages of a connection wait for their PUBREL. Nothing is kept for absent clients: a session ends with its
// connection, so no client can make the broker hold messages, subscriptions or a last will after it has gone.
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { hasWildcard, levelsMatch } from './topics.ts';

/** The part of a message that the library stores and reads back. */
interface StoredMessage {
  readonly cmd: 'publish';
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: true;
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch, set by the library from the message expiry interval. */
  readonly messageExpiry?: number;
}

interface Kept {
  readonly message: StoredMessage;
  /** in bytes, as it is counted: what a peer sends is measured once */
  readonly size: number;
}

interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly messageExpiry?: number;
}

/** A client may ask for thousands of wildcards: after so many comparisons it is the turn of others. */
const comparedInATurn = 50_000;

/** The connection; only ever a key here. */
type Owner = object;

interface Acknowledged {
  readonly messageId?: number;
}

export interface StoreOptions {
  readonly maximumMessages: number;
  readonly maximumBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Store {
  /** For aedes' option of that name; it has more. */
  readonly persistence: {
    storeRetained(message: Message): Promise<void>;
    /** Objects of `cmd`, `topic`, `payload`, `qos` and the like. */
    createRetainedStreamCombi(filters: readonly string[]): Readable;
  };
  retainedMessages(): number;
  retainedBytes(): number;
  /** Whether a retained message fits in; expired ones are thrown out for it. An empty one always does: it clears. */
  hasRoomFor(message: Message): boolean;
  /** Notes a QoS 2 message before it is stored, so that a burst in one packet is counted too. */
  noteUnreleased(owner: Owner, messageId: number): void;
  unreleased(owner: Owner): ReadonlyMap<number, 'noted' | 'published'>;
}

export function createStore(options: StoreOptions): Store {
  const retained = new Map<string, Kept>();
  let bytes = 0;
  /** None of the retained messages expires before. Milliseconds since the epoch. */
  let nextExpiry = Infinity;
  // By connection, not by client id: freed with it, and a new connection starts without the old one's message ids.
  const awaiting = new WeakMap<Owner, Map<number, 'noted' | 'published'>>();

  const unreleased = (owner: Owner) => {
    const known = awaiting.get(owner) ?? new Map<number, 'noted' | 'published'>();
    awaiting.set(owner, known);
    return known;
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
    // Asked for each message while there is no room: the walk must not be one for each.
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

  /** As it is when it is read: a stream reads ahead, and what it has read may be sent after a newer one. */
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
    // As it is now: what comes in between is sent to the subscriber anyway, and the walk must end.
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
        // What has changed since has been sent to the new subscriber as it came.
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
      // Asked again: several messages of one packet pass the access rule before the first of them is stored.
      if (!hasRoomFor(message)) throw new Error(`no room to retain ${message.topic}`);
      const { topic, payload, qos = 0, properties, messageExpiry } = message;
      forget(topic);
      const stored: StoredMessage = {
        cmd: 'publish',
        topic,
        // A copy: the parser's is a window on the whole segment that came in.
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

    // Sessions and wills outlive no connection: the library keeps what it needs on the connection itself.
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
      const known = unreleased(owner);
      if (!known.has(messageId)) known.set(messageId, 'noted');
    },
    unreleased,
  };
}

function sizeOf(message: Message): number {
  const properties = message.properties === undefined ? '' : JSON.stringify(message.properties);
  return Buffer.byteLength(message.topic) + message.payload.length + Buffer.byteLength(properties);
}
