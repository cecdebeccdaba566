import { describe, expect, test } from 'vitest';
import { connectClient, spawnBareLibrary, startBareLibrary, startBroker } from './brokers.ts';
import {
  connectPacket,
  connectWire,
  openWire,
  readPublish,
  subscribePacket,
  types,
  unsubscribePacket,
  type Version,
} from './wire.ts';

const inheritedNames = Object.getOwnPropertyNames(Object.prototype);

/** A client connects and gets an answer, so the broker is alive. */
async function expectServing(url: string): Promise<void> {
  const { mqtt } = await connectClient(url);
  await expect(mqtt.publishAsync('still/here', 'yes', { qos: 1 })).resolves.toBeDefined();
}

describe('a client id that is a name on Object.prototype', () => {
  test('ends the bare library', async () => {
    const { port, exited } = await spawnBareLibrary();
    openWire(port).send(connectPacket({ version: 5, clientId: 'constructor' }));
    expect(await exited).not.toBe(0);
  });

  test.each(inheritedNames)('%s is refused with 0x85 over MQTT 5 and with 2 over 3.1.1', async (clientId) => {
    const { port, url } = await startBroker();
    for (const [version, code] of [
      [5, 0x85],
      [4, 2],
    ] as const) {
      const client = openWire(port);
      client.send(connectPacket({ version, clientId }));
      expect((await client.frame(types.connack)).body[1]).toBe(code);
      await client.untilClosed();
    }
    await expectServing(url);
  });

  test('of 256 characters is accepted, and a longer one is refused in the same way', async () => {
    const { port } = await startBroker();
    const client = openWire(port);
    client.send(connectPacket({ version: 4, clientId: 'x'.repeat(257) }));
    expect((await client.frame(types.connack)).body[1]).toBe(2);
    await connectWire(port, { version: 4, clientId: 'x'.repeat(256) });
  });
});

describe('a topic that is a name on Object.prototype', () => {
  const packets: [string, Version, Buffer][] = [
    ['UNSUBSCRIBE toString', 5, unsubscribePacket(5, ['toString'])],
    ['SUBSCRIBE constructor', 4, subscribePacket(4, ['constructor'])],
    ['SUBSCRIBE __proto__ and another', 5, subscribePacket(5, ['__proto__', 'a'])],
  ];

  test.each(packets)('%s ends the bare library', async (_name, version, bytes) => {
    const { port, exited } = await spawnBareLibrary();
    const client = await connectWire(port, { version, clientId: 'someone' });
    client.send(bytes);
    expect(await exited).not.toBe(0);
  });

  test.each(packets)('%s does not stop our broker from serving', async (_name, version, bytes) => {
    const { port, url } = await startBroker();
    const client = await connectWire(port, { version, clientId: 'someone' });
    client.send(bytes);
    await client.frame(bytes[0] === 0xa2 ? types.unsuback : types.suback);
    await expectServing(url);
  });

  test('does no harm if it is sent before the CONNACK', async () => {
    const { port, url } = await startBroker();
    const client = openWire(port);
    client.send(
      connectPacket({ version: 5, clientId: 'hasty' }),
      subscribePacket(5, ['__proto__', 'toString']),
      unsubscribePacket(5, ['valueOf']),
    );
    expect([...(await client.frame(types.suback)).body.subarray(-2)]).toEqual([0x87, 1]);
    await client.frame(types.unsuback);
    await expectServing(url);
  });

  test.each(inheritedNames.filter((name) => name !== '__proto__'))(
    '%s works like any other topic',
    async (topic) => {
      const { url } = await startBroker();
      const { mqtt, received } = await connectClient(url);
      await mqtt.subscribeAsync(topic, { qos: 1 });
      await mqtt.publishAsync(topic, 'hello', { qos: 1 });
      await expect.poll(() => received.map((packet) => [packet.topic, packet.qos])).toEqual([[topic, 1]]);
      await mqtt.unsubscribeAsync(topic);
    },
  );
});

describe('a last will that is not a valid message', () => {
  const wills = [
    ['without a topic', { topic: '', payload: 'gone', qos: 1, retain: false }],
    ['with a wildcard', { topic: 'a/#', payload: 'gone', qos: 1, retain: true }],
    ['with U+0000 in its topic', { topic: 'a\0b', payload: 'gone', qos: 1, retain: false }],
    ['with QoS 3', { topic: 'a', payload: 'gone', qos: 3, retain: false }],
  ] as const;

  test('reaches subscribers of the bare library', async () => {
    const { port } = await startBareLibrary();
    const subscriber = await connectWire(port, { version: 4, clientId: 'subscriber' });
    subscriber.send(subscribePacket(4, ['#']));
    await subscriber.frame(types.suback);
    const will = { topic: 'a/#', payload: 'gone', qos: 1, retain: true };
    const client = await connectWire(port, { version: 4, clientId: 'broken', will });
    client.socket.resetAndDestroy();
    expect(readPublish(4, await subscriber.frame(types.publish)).topic).toBe('a/#');
  });

  test('with QoS 3 disconnects the subscribers of the bare library', async () => {
    const { port } = await startBareLibrary();
    const subscriber = await connectWire(port, { version: 4, clientId: 'subscriber' });
    subscriber.send(subscribePacket(4, ['#']));
    await subscriber.frame(types.suback);
    const will = { topic: 'a', payload: 'gone', qos: 3, retain: false };
    const client = await connectWire(port, { version: 4, clientId: 'broken', will });
    client.socket.resetAndDestroy();
    await subscriber.untilClosed();
  });

  test.each(wills)('with %s is refused together with its client', async (_name, will) => {
    const { port, url } = await startBroker();
    const client = openWire(port);
    client.send(connectPacket({ version: 4, clientId: 'broken', will }));
    await client.untilClosed();
    expect(client.frames).toEqual([]);
    await expectServing(url);
  });
});
