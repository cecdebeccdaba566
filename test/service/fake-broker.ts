// A broker that works with single packets, for behaviour that real brokers cannot be configured to have. The test sets
// its answers.
import { createServer, type Socket } from 'node:net';
import { listenForTest } from '../support/listening.ts';

export const types = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  subscribe: 8,
  suback: 9,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

export interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export interface Peer {
  readonly socket: Socket;
  readonly packets: readonly Packet[];
  /** the version in the client's CONNECT: 4 or 5 */
  readonly version: number;
  readonly closed: boolean;
  send(...bytes: number[]): void;
}

export interface FakeBroker {
  readonly url: string;
  readonly port: number;
  /** all connections so far, the oldest first */
  readonly peers: readonly Peer[];
  published(): { readonly topic: string; readonly payload: string }[];
}

/** What the broker does when it receives a packet. */
export type Behaviour = (packet: Packet, peer: Peer) => void;

export async function startFakeBroker(behaviour: Behaviour): Promise<FakeBroker> {
  const peers: Peer[] = [];
  const server = createServer((socket) => {
    const packets: Packet[] = [];
    let rest: Buffer = Buffer.alloc(0);
    let version = 5;
    let closed = false;
    const peer: Peer = {
      socket,
      packets,
      get version() {
        return version;
      },
      get closed() {
        return closed;
      },
      send: (...bytes) => void socket.write(Buffer.from(bytes)),
    };
    peers.push(peer);
    socket.on('close', () => {
      closed = true;
    });
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let parsed = cut(rest); parsed !== undefined; parsed = cut(rest)) {
        rest = rest.subarray(parsed.length);
        // The version follows the protocol name "MQTT".
        if (parsed.packet.type === types.connect) version = parsed.packet.body.readUInt8(6);
        packets.push(parsed.packet);
        behaviour(parsed.packet, peer);
      }
    });
  });
  const port = await listenForTest(server);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    peers,
    published: () =>
      peers.flatMap(({ packets, version }) =>
        packets.filter(({ type }) => type === types.publish).map((packet) => readPublish(packet, version)),
      ),
  };
}

/** Accepts, grants and acknowledges everything. */
export const polite: Behaviour = (packet, peer) => {
  const { version } = peer;
  switch (packet.type) {
    case types.connect:
      accept(peer);
      break;
    case types.subscribe: {
      const granted = subscriptions(packet, version).map(() => 1);
      const [high = 0, low = 0] = packet.body;
      const properties = version === 5 ? [0] : [];
      peer.send(0x90, 2 + properties.length + granted.length, high, low, ...properties, ...granted);
      break;
    }
    case types.publish: {
      const at = 2 + packet.body.readUInt16BE(0);
      if ((packet.flags & 6) !== 0)
        peer.send(0x40, 2, packet.body.readUInt8(at), packet.body.readUInt8(at + 1));
      break;
    }
    case types.pingreq:
      peer.send(0xd0, 0);
      break;
    case types.disconnect:
      peer.socket.end();
      break;
  }
};

/** @param properties all MQTT 5 properties, as bytes */
export function accept(peer: Peer, ...properties: number[]): void {
  if (peer.version === 5) peer.send(0x20, 3 + properties.length, 0, 0, properties.length, ...properties);
  else peer.send(0x20, 2, 0, 0);
}

/** A PUBLISH at QoS 0. */
export function publishBytes(version: number, topic: string, payload: string | Buffer): Buffer {
  const name = Buffer.from(topic);
  const body = Buffer.concat([
    Buffer.from([name.length >> 8, name.length & 0xff]),
    name,
    Buffer.from(version === 5 ? [0] : []),
    Buffer.from(payload),
  ]);
  return Buffer.concat([Buffer.from([0x30]), Buffer.from(varint(body.length)), body]);
}

export function subscriptions(
  { body }: Packet,
  version: number,
): { readonly filter: string; readonly options: number }[] {
  const filters: { filter: string; options: number }[] = [];
  let at = version === 5 ? 3 : 2;
  while (at < body.length) {
    const end = at + 2 + body.readUInt16BE(at);
    filters.push({ filter: body.toString('utf8', at + 2, end), options: body.readUInt8(end) });
    at = end + 1;
  }
  return filters;
}

export function readPublish({ flags, body }: Packet, version: number): { topic: string; payload: string } {
  const end = 2 + body.readUInt16BE(0);
  let at = end + ((flags & 6) === 0 ? 0 : 2);
  if (version === 5) at += 1 + body.readUInt8(at);
  return { topic: body.toString('utf8', 2, end), payload: body.toString('utf8', at) };
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}

function cut(bytes: Buffer): { packet: Packet; length: number } | undefined {
  let length = 0;
  let at = 1;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (at - 1);
    at += 1;
    if (byte < 0x80) break;
  }
  const first = bytes[0];
  if (first === undefined || bytes.length < at + length) return undefined;
  return {
    packet: { type: first >> 4, flags: first & 0x0f, body: bytes.subarray(at, at + length) },
    length: at + length,
  };
}
