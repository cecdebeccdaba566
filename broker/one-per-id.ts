// One connection for each client id [MQTT-3.1.4-3]. This is the lock that lets only one worker act. aedes alone keeps several
// alive if they connect at the same moment. So connects with the same id take turns here, and each waits until the previous
// connection has really closed.
import type { Client } from 'aedes';
import type { Clock } from '../service/clock.ts';

/** MQTT 5, section 3.14.2.1: session taken over. */
const sessionTakenOver = 0x8e;

export interface OnePerIdOptions {
  readonly clock: Clock;
  /** Deadline for the orderly disconnect of the replaced connection, in milliseconds. Then it is cut. */
  readonly farewellMs: number;
}

export interface OnePerId {
  /** True if a connection with this id is open. */
  holds(id: string): boolean;
  /** Resolves when no other connection has the id of this client, or when the client itself has closed. */
  enter(client: Client): Promise<void>;
  /** Call these when aedes has registered a client, has answered its CONNECT, and has removed it. */
  joined(client: Client): void;
  ready(client: Client): void;
  left(client: Client): void;
}

export function createOnePerId(options: OnePerIdOptions): OnePerId {
  const members = new Map<string, Client>();
  const queues = new Map<string, Promise<void>>();
  const awaited = new WeakMap<Client, { ready: () => void; left: () => void }>();

  const until = (client: Client, what: 'ready' | 'left') =>
    new Promise<void>((resolve) => {
      const resolvers = awaited.get(client) ?? { ready: () => {}, left: () => {} };
      awaited.set(client, { ...resolvers, [what]: resolve });
    });

  const throwOut = async (client: Client) => {
    const left = until(client, 'left');
    if (!client.closed) client.disconnect({ reasonCode: sessionTakenOver }, () => {});
    const cut = options.clock.setTimeout(() => client.conn.destroy(), options.farewellMs);
    // If aedes ever fails to report the end, the id must not stay locked.
    const giveUp = options.clock.setTimeout(() => awaited.get(client)?.left(), 2 * options.farewellMs);
    await left;
    cut.cancel();
    giveUp.cancel();
  };

  const takeTurn = async (client: Client, previous: Promise<void>, admit: () => void) => {
    await previous;
    const member = members.get(client.id);
    if (!client.closed && member !== undefined) await throwOut(member);
    if (client.closed || client.conn.destroyed) return admit();
    const gone = new Promise<void>((resolve) => client.conn.once('close', () => resolve()));
    // The next client may replace this one only after its CONNACK, or it would end without an answer.
    const ready = until(client, 'ready');
    admit();
    await Promise.race([ready, gone]);
  };

  return {
    holds: (id) => members.has(id),
    enter: (client) =>
      new Promise((resolve) => {
        const previous = queues.get(client.id) ?? Promise.resolve();
        const turn = takeTurn(client, previous, resolve)
          // A failure here must not block the next client.
          .catch(() => void client.conn.destroy())
          .finally(() => {
            if (queues.get(client.id) === turn) queues.delete(client.id);
          });
        queues.set(client.id, turn);
      }),
    joined: (client) => {
      members.set(client.id, client);
    },
    ready: (client) => awaited.get(client)?.ready(),
    left: (client) => {
      if (members.get(client.id) === client) members.delete(client.id);
      awaited.get(client)?.left();
    },
  };
}
