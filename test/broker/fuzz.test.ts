import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { capturedLog, connectClient, startBroker } from './brokers.ts';
import {
  connectPacket,
  openWire,
  publishPacket,
  pubrelPacket,
  subscribePacket,
  types,
  unsubscribePacket,
  type Version,
} from './wire.ts';

const version = fc.constantFrom<Version>(4, 5);
const name = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    '$SYS/a',
    'a/#',
    '#',
    '+/a',
    '',
    'a'.repeat(400),
    '/'.repeat(200),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** Packets with a correct frame and odd content. */
const packetFor = (version: Version) =>
  fc.oneof(
    fc.array(name, { minLength: 1, maxLength: 4 }).map((filters) => subscribePacket(version, filters)),
    fc.array(name, { minLength: 1, maxLength: 4 }).map((filters) => unsubscribePacket(version, filters)),
    fc
      .record({
        topic: name,
        payload: fc.string(),
        qos: fc.integer({ min: 0, max: 3 }),
        messageId: fc.integer({ min: 0, max: 4 }),
        retain: fc.boolean(),
        properties: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      })
      .map(({ topic, payload, ...options }) => publishPacket(version, topic, payload, options)),
    fc.integer({ min: 0, max: 4 }).map(pubrelPacket),
    fc.constantFrom(
      Buffer.from([0xc0, 0]),
      Buffer.from([0xe0, 0]),
      Buffer.from([0xf0, 0]),
      Buffer.from([0x20, 0]),
    ),
  );

const connection = version.chain((version) =>
  fc.record({
    connect: fc.oneof(
      { weight: 4, arbitrary: name.map((clientId) => connectPacket({ version, clientId })) },
      {
        weight: 1,
        arbitrary: fc
          .record({
            topic: name,
            payload: fc.string(),
            qos: fc.integer({ min: 0, max: 3 }),
            retain: fc.boolean(),
          })
          .map((will) => connectPacket({ version, clientId: 'w', will })),
      },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
    ),
    packets: fc.array(packetFor(version), { maxLength: 6 }),
    /** Bytes to change after the CONNECT: position and value. */
    changes: fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    /** How many bytes are sent before the connection is cut. */
    sent: fc.oneof(fc.constant(Infinity), fc.nat(200)),
    reset: fc.boolean(),
  }),
);

function bytesOf({
  connect,
  packets,
  changes,
  sent: sentBytes,
}: typeof connection extends fc.Arbitrary<infer T> ? T : never) {
  const rest = Buffer.concat(packets);
  for (const [position, value] of changes) if (position < rest.length) rest[position] = value;
  return Buffer.concat([connect, rest]).subarray(0, sentBytes === Infinity ? undefined : sentBytes);
}

describe('invalid input', () => {
  test('broken, truncated and odd packets on many connections do not stop the broker', async () => {
    // Our broker survives an exception of the library and logs it as an error. Not even that should happen.
    const { log, lines } = capturedLog('error');
    const { port, url } = await startBroker({ connectTimeoutMs: 500, maximumConnections: 1000, log });
    const bystander = await connectClient(url, { clientId: 'bystander' });
    await bystander.mqtt.subscribeAsync('bystander/hears', { qos: 1 });
    let rounds = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(connection, { minLength: 5, maxLength: 15 }), async (connections) => {
        const clients = connections.map((connection) => {
          const client = openWire(port);
          client.send(bytesOf(connection));
          if (connection.reset) client.socket.once('data', () => client.socket.resetAndDestroy());
          else client.socket.end();
          return client;
        });
        await Promise.all(clients.map((client) => client.untilClosed()));
        rounds += 1;
        const publisher = openWire(port);
        publisher.send(
          connectPacket({ version: 5, clientId: 'publisher' }),
          publishPacket(5, 'bystander/hears', String(rounds), { qos: 1 }),
        );
        await publisher.frame(types.puback);
        publisher.socket.destroy();
        await expect.poll(() => bystander.received.at(-1)?.payload.toString()).toBe(String(rounds));
      }),
      { numRuns: 25 },
    );
    expect(bystander.mqtt.connected).toBe(true);
    expect(lines).toEqual([]);
  });

  test('random bytes that are not MQTT do not stop the broker', async () => {
    const { port, url } = await startBroker({ connectTimeoutMs: 500 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (bytes) => {
        const client = openWire(port);
        client.send(Buffer.from(bytes));
        client.socket.end();
        await client.untilClosed();
      }),
      { numRuns: 200 },
    );
    await connectClient(url);
  });
});
