// Reads and writes MQTT packets by hand: packets that no correct client sends, and the exact bytes of an answer.
import { connect, type Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import { patienceMs } from '../support/patience.ts';

export type Version = 4 | 5;

export const types = {
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubcomp: 7,
  suback: 9,
  unsuback: 11,
  disconnect: 14,
};

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export interface WireClient {
  readonly socket: Socket;
  readonly frames: readonly Frame[];
  readonly closed: boolean;
  send(...packets: Buffer[]): void;
  /** Resolves to the first frame of the type, now or later. Rejects if the connection ends before it. */
  frame(type: number): Promise<Frame>;
  untilClosed(): Promise<void>;
}

export function openWire(port: number): WireClient {
  const socket = connect(port, '127.0.0.1');
  const frames: Frame[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let closed = false;
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (let parsed = cut(rest); parsed !== undefined; parsed = cut(rest)) {
      frames.push(parsed.frame);
      rest = rest.subarray(parsed.length);
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    frames,
    get closed() {
      return closed;
    },
    send: (...packets) => void socket.write(Buffer.concat(packets)),
    frame: async (type) => {
      const frameOrClosed = await vi.waitUntil(
        () => frames.find((frame) => frame.type === type) ?? (closed ? 'closed' : undefined),
        { timeout: patienceMs, interval: 5 },
      );
      if (frameOrClosed === 'closed')
        throw new Error(`the connection was closed without a packet of type ${type}`);
      return frameOrClosed;
    },
    untilClosed: async () => {
      await vi.waitUntil(() => closed, { timeout: patienceMs, interval: 5 });
    },
  };
}

/** Connects, and waits until a CONNACK accepts the connection. */
export async function connectWire(port: number, options: ConnectOptions): Promise<WireClient> {
  const client = openWire(port);
  client.send(connectPacket(options));
  const connack = await client.frame(types.connack);
  if (connack.body[1] !== 0) throw new Error(`refused with ${String(connack.body[1])}`);
  return client;
}

export interface ConnectOptions {
  readonly version: Version;
  readonly clientId: string;
  readonly clean?: boolean;
  readonly keepAliveSeconds?: number;
  /** All properties as bytes, for MQTT 5. */
  readonly properties?: Buffer;
  readonly will?: { topic: string; payload: string; qos: number; retain: boolean };
}

export function connectPacket(options: ConnectOptions): Buffer {
  const { version, will } = options;
  let flags = (options.clean ?? true) ? 0x02 : 0;
  if (will !== undefined) flags |= 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0);
  return packet(
    0x10,
    text('MQTT'),
    Buffer.from([version, flags]),
    u16(options.keepAliveSeconds ?? 60),
    properties(version, options.properties),
    text(options.clientId),
    ...(will === undefined ? [] : [properties(version), text(will.topic), text(will.payload)]),
  );
}

export function subscribePacket(
  version: Version,
  filters: readonly string[],
  options: { qos?: number; identifier?: number; messageId?: number } = {},
): Buffer {
  const identifier =
    options.identifier === undefined
      ? undefined
      : Buffer.concat([Buffer.from([0x0b]), varint(options.identifier)]);
  const payload = filters.flatMap((filter) => [text(filter), Buffer.from([options.qos ?? 1])]);
  return packet(0x82, u16(options.messageId ?? 1), properties(version, identifier), ...payload);
}

export function unsubscribePacket(version: Version, filters: readonly string[]): Buffer {
  return packet(0xa2, u16(2), properties(version), ...filters.map(text));
}

export function publishPacket(
  version: Version,
  topic: string,
  payload: string | Buffer,
  options: { qos?: number; messageId?: number; retain?: boolean; properties?: Buffer } = {},
): Buffer {
  const { qos = 0, messageId = 1, retain = false } = options;
  return packet(
    0x30 | (qos << 1) | (retain ? 1 : 0),
    text(topic),
    qos > 0 ? u16(messageId) : Buffer.alloc(0),
    properties(version, options.properties),
    Buffer.from(payload),
  );
}

export function pubrelPacket(messageId: number): Buffer {
  return packet(0x62, u16(messageId));
}

export interface Publish {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Identifier and raw bytes of each property, in their order. */
  readonly subscriptionIdentifiers: readonly number[];
}

/** Reads a PUBLISH that has no properties except subscription identifiers. */
export function readPublish(version: Version, { flags, body }: Frame): Publish {
  const qos = (flags >> 1) & 3;
  const topicEnd = 2 + body.readUInt16BE(0);
  let at = topicEnd + (qos > 0 ? 2 : 0);
  const subscriptionIdentifiers: number[] = [];
  if (version === 5) {
    const length = readVarint(body, at);
    const end = length.next + length.value;
    at = length.next;
    while (at < end) {
      if (body[at] !== 0x0b) throw new Error(`unexpected property ${String(body[at])}`);
      const identifier = readVarint(body, at + 1);
      subscriptionIdentifiers.push(identifier.value);
      at = identifier.next;
    }
  }
  return {
    topic: body.toString('utf8', 2, topicEnd),
    payload: body.toString('utf8', at),
    qos,
    retain: (flags & 1) === 1,
    subscriptionIdentifiers,
  };
}

function packet(firstByte: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([firstByte]), varint(body.length), body]);
}

function properties(version: Version, bytes: Buffer = Buffer.alloc(0)): Buffer {
  return version === 5 ? Buffer.concat([varint(bytes.length), bytes]) : Buffer.alloc(0);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u16(bytes.length), bytes]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    const byte = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left > 0 ? byte | 0x80 : byte);
  } while (left > 0);
  return Buffer.from(bytes);
}

function readVarint(bytes: Buffer, from: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes.readUInt8(from + index);
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, next: from + index + 1 };
  }
  throw new Error('a variable byte integer has at most four bytes');
}

function cut(bytes: Buffer): { frame: Frame; length: number } | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  const end = bytes.subarray(1, 5).findIndex((byte) => byte < 0x80);
  if (end === -1) return undefined;
  const { value, next } = readVarint(bytes, 1);
  const length = next + value;
  if (bytes.length < length) return undefined;
  return { frame: { type: first >> 4, flags: first & 0x0f, body: bytes.subarray(next, length) }, length };
}
