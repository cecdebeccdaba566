// What the broker remembers, in the shape that aedes asks of a persistence: retained messages, within bounds, and which
// QoS 2 messages of a connection wait for their PUBREL. Nothing is kept for absent clients: a session ends with its
// connection, so no client can make the broker hold messages, subscriptions or a last will after it has gone.
import { Readable } from 'node:stream';
import { hasWildcard, matches } from './topics.ts';

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

interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly messageExpiry?: number;
}

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
  /** For aedes' option of that name. */
  readonly persistence: object;
  retainedMessages(): number;
  retainedBytes(): number;
  /** Whether a retained message fits in; expired ones are thrown out for it. An empty one always does: it clears. */
  hasRoomFor(message: Message): boolean;
  /** Notes a QoS 2 message before it is stored, so that a burst in one packet is counted too. */
  noteUnreleased(owner: Owner, messageId: number): void;
  unreleased(owner: Owner): ReadonlyMap<number, 'noted' | 'published'>;
}

export function createStore(options: StoreOptions): Store {
  const retained = new Map<string, StoredMessage>();
  let bytes = 0;
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
    bytes -= sizeOf(old);
    retained.delete(topic);
  };

  const fits = (message: Message) => {
    const old = retained.get(message.topic);
    return (
      retained.size + (old === undefined ? 1 : 0) <= options.maximumMessages &&
      bytes - (old === undefined ? 0 : sizeOf(old)) + sizeOf(message) <= options.maximumBytes
    );
  };

  const forgetExpired = () => {
    const now = options.now();
    for (const { topic, messageExpiry } of retained.values()) {
      if (messageExpiry !== undefined && messageExpiry <= now) forget(topic);
    }
  };

  const hasRoomFor = (message: Message) => {
    if (message.payload.length === 0 || fits(message)) return true;
    forgetExpired();
    return fits(message);
  };

  function* retainedBy(filters: readonly string[]): Generator<StoredMessage> {
    for (const filter of filters) {
      if (hasWildcard(filter)) {
        for (const message of retained.values()) if (matches(filter, message.topic)) yield message;
      } else {
        const message = retained.get(filter);
        if (message !== undefined) yield message;
      }
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
      retained.set(topic, stored);
      bytes += sizeOf(stored);
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
