import type { IPublishPacket } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { connectClient, payloads, startBareLibrary, startBroker } from './brokers.ts';
import { connectWire, publishPacket, readPublish, subscribePacket, types } from './wire.ts';

const press = 'release-button/button/main/press';
const presses = 'release-button/button/+/press';

function identifiersOf(packet: IPublishPacket | undefined): number[] {
  return [packet?.properties?.subscriptionIdentifier ?? []].flat().toSorted((a, b) => a - b);
}

describe('subscription identifiers', () => {
  const overlapping = async (port: number) => {
    const client = await connectWire(port, { version: 5, clientId: 'home-assistant' });
    client.send(
      subscribePacket(5, ['release-button/#'], { identifier: 7 }),
      subscribePacket(5, [presses], { identifier: 300, messageId: 2 }),
    );
    await expect.poll(() => client.frames.filter(({ type }) => type === types.suback).length).toBe(2);
    return client;
  };

  test('are incomplete in the bare library: it sends one of two that match', async () => {
    const { port, url } = await startBareLibrary();
    const client = await overlapping(port);
    const publisher = await connectClient(url);
    await publisher.mqtt.publishAsync(press, 'x', { qos: 1 });
    const { subscriptionIdentifiers } = readPublish(5, await client.frame(types.publish));
    expect(subscriptionIdentifiers).toHaveLength(1);
  });

  test('are all on the wire if they match', async () => {
    const { port, url } = await startBroker();
    const client = await overlapping(port);
    const publisher = await connectClient(url);
    await publisher.mqtt.publishAsync(press, 'x', { qos: 1 });
    const message = readPublish(5, await client.frame(types.publish));
    expect(message.subscriptionIdentifiers.toSorted((a, b) => a - b)).toEqual([7, 300]);
    expect(message).toMatchObject({ topic: press, payload: 'x', qos: 1, retain: false });
  });

  test('all reach the real client, in one unchanged message', async () => {
    const { url } = await startBroker();
    const { mqtt, received } = await connectClient(url);
    await mqtt.subscribeAsync('release-button/#', { qos: 1, properties: { subscriptionIdentifier: 1 } });
    await mqtt.subscribeAsync(presses, { qos: 1, properties: { subscriptionIdentifier: 2 } });
    await mqtt.subscribeAsync(press, { qos: 1 });
    await mqtt.subscribeAsync('release-button/worker/main/drift', {
      qos: 1,
      properties: { subscriptionIdentifier: 3 },
    });
    const publisher = await connectClient(url);
    const properties = { contentType: 'text/plain', messageExpiryInterval: 10 };
    await publisher.mqtt.publishAsync(press, 'x', { qos: 1, properties });
    await publisher.mqtt.publishAsync('last', 'x', { qos: 1 });
    await expect.poll(() => received.length).toBe(1);
    expect(identifiersOf(received[0])).toEqual([1, 2]);
    expect(received[0]?.properties).toMatchObject(properties);
  });

  test('differ for each receiver', async () => {
    const { url } = await startBroker();
    const clients = await Promise.all(
      [11, 12].map(async (subscriptionIdentifier) => {
        const client = await connectClient(url);
        await client.mqtt.subscribeAsync('a/#', { properties: { subscriptionIdentifier } });
        await client.mqtt.subscribeAsync('a/b', {
          properties: { subscriptionIdentifier: subscriptionIdentifier + 10 },
        });
        return client;
      }),
    );
    const publisher = await connectClient(url);
    await publisher.mqtt.publishAsync('a/b', 'x', { qos: 1, properties: { contentType: 'text/plain' } });
    for (const [index, { received }] of clients.entries()) {
      await expect.poll(() => received.length).toBe(1);
      expect(identifiersOf(received[0])).toEqual([11 + index, 21 + index]);
    }
  });

  test('are no longer sent after an unsubscribe', async () => {
    const { url } = await startBroker();
    const { mqtt, received } = await connectClient(url);
    await mqtt.subscribeAsync('a/#', { properties: { subscriptionIdentifier: 1 } });
    await mqtt.subscribeAsync('a/b', { properties: { subscriptionIdentifier: 2 } });
    await mqtt.unsubscribeAsync('a/b');
    await mqtt.publishAsync('a/b', 'x', { qos: 1 });
    await expect
      .poll(() => received.map(({ properties }) => properties?.subscriptionIdentifier))
      .toEqual([1]);
  });

  test('of a retained message come from the subscription that requested it', async () => {
    const { url } = await startBroker();
    const { mqtt, received } = await connectClient(url);
    await mqtt.subscribeAsync('a/#', { properties: { subscriptionIdentifier: 1 } });
    const publisher = await connectClient(url);
    await publisher.mqtt.publishAsync('a/b', 'x', { qos: 1, retain: true });
    await expect.poll(() => received.length).toBe(1);
    await mqtt.subscribeAsync('a/b', { properties: { subscriptionIdentifier: 2 } });
    await expect
      .poll(() => received.map(({ properties, retain }) => [properties?.subscriptionIdentifier, retain]))
      .toEqual([
        [1, false],
        [2, true],
      ]);
  });

  test('that a publisher invents are passed on by the bare library', async () => {
    const { port } = await startBareLibrary();
    const subscriber = await connectWire(port, { version: 5, clientId: 'subscriber' });
    subscriber.send(subscribePacket(5, ['a']));
    await subscriber.frame(types.suback);
    const publisher = await connectWire(port, { version: 5, clientId: 'publisher' });
    publisher.send(publishPacket(5, 'a', 'x', { properties: Buffer.from([0x0b, 77]) }));
    expect(readPublish(5, await subscriber.frame(types.publish)).subscriptionIdentifiers).toEqual([77]);
  });

  test('in a PUBLISH from a client disconnect it with 0x82', async () => {
    const { port } = await startBroker();
    const publisher = await connectWire(port, { version: 5, clientId: 'publisher' });
    publisher.send(publishPacket(5, 'a', 'x', { properties: Buffer.from([0x0b, 77]) }));
    expect((await publisher.frame(types.disconnect)).body[0]).toBe(0x82);
    await publisher.untilClosed();
  });
});

describe('subscriptions that are refused', () => {
  test('are granted by the bare library over 3.1.1 if they are shared', async () => {
    const { port } = await startBareLibrary();
    const client = await connectWire(port, { version: 4, clientId: 'sharer' });
    client.send(subscribePacket(4, ['$share/group/a']));
    expect((await client.frame(types.suback)).body.at(-1)).toBe(1);
  });

  test('get 0x9E over MQTT 5 and 0x80 over 3.1.1 if they are shared', async () => {
    const { port } = await startBroker();
    for (const [version, code] of [
      [5, 0x9e],
      [4, 0x80],
    ] as const) {
      const client = await connectWire(port, { version, clientId: `sharer-${version}` });
      client.send(subscribePacket(version, ['$share/group/a']));
      expect((await client.frame(types.suback)).body.at(-1)).toBe(code);
    }
  });

  test.each(['$SYS/#', '$SYS/+/new/clients', '$anything', 'a+', 'a+/b'])(
    'get 0x87 for %s',
    async (filter) => {
      const { port } = await startBroker();
      const client = await connectWire(port, { version: 5, clientId: 'curious' });
      client.send(subscribePacket(5, [filter]));
      expect((await client.frame(types.suback)).body.at(-1)).toBe(0x87);
    },
  );

  test.each(['a/#/b', 'a/b#', ''])('end the connection for the malformed filter "%s"', async (filter) => {
    const { port } = await startBroker();
    const client = await connectWire(port, { version: 5, clientId: 'curious' });
    client.send(subscribePacket(5, [filter]));
    await client.untilClosed();
    expect(client.frames.some(({ type }) => type === types.suback)).toBe(false);
  });
});

describe('options of a subscription to presses', () => {
  test('retain-as-published keeps the retain flag of a live press; without the option the flag is lost', async () => {
    const { url } = await startBroker();
    const worker = await connectClient(url);
    await worker.mqtt.subscribeAsync(presses, { qos: 1, rap: true });
    const other = await connectClient(url);
    await other.mqtt.subscribeAsync(presses, { qos: 1 });
    const publisher = await connectClient(url);
    await publisher.mqtt.publishAsync(press, 'wrong', { qos: 1, retain: true });
    await publisher.mqtt.publishAsync(press, 'right', { qos: 1 });
    const received = (client: typeof worker) =>
      client.received.map(({ payload, retain }) => [payload.toString(), retain]);
    await expect
      .poll(() => received(worker))
      .toEqual([
        ['wrong', true],
        ['right', false],
      ]);
    await expect
      .poll(() => received(other))
      .toEqual([
        ['wrong', false],
        ['right', false],
      ]);
  });

  test('no-local keeps a client from receiving its own messages', async () => {
    const { url } = await startBroker();
    const worker = await connectClient(url);
    await worker.mqtt.subscribeAsync(presses, { qos: 1, rap: true, nl: true });
    const publisher = await connectClient(url);
    // The worker clears a retained press in this way, and must not receive its own message.
    await worker.mqtt.publishAsync(press, '', { qos: 1, retain: true });
    await publisher.mqtt.publishAsync(press, 'another', { qos: 1 });
    await expect.poll(() => payloads(worker.received)).toEqual(['another']);
  });

  test('retain handling sends retained messages always (0), only for a new subscription (1), or never (2)', async () => {
    const { url } = await startBroker();
    const publisher = await connectClient(url);
    await publisher.mqtt.publishAsync('a', 'kept', { qos: 1, retain: true });
    const counts: number[] = [];
    for (const rh of [0, 1, 2] as const) {
      const { mqtt, received } = await connectClient(url);
      await mqtt.subscribeAsync('a', { qos: 1, rh });
      await mqtt.subscribeAsync('a', { qos: 1, rh });
      // The next packet on the connection shows that no other message was on its way.
      await mqtt.subscribeAsync('end', { qos: 1 });
      await publisher.mqtt.publishAsync('end', 'now', { qos: 1 });
      await expect.poll(() => payloads(received).at(-1)).toBe('now');
      counts.push(received.filter(({ topic }) => topic === 'a').length);
    }
    expect(counts).toEqual([2, 1, 0]);
  });
});

describe('quality of service', () => {
  test('exceeds the subscription in the bare library: QoS 2 reaches a subscription of QoS 1 with a wildcard', async () => {
    const { url } = await startBareLibrary();
    const { mqtt, received } = await connectClient(url);
    await mqtt.subscribeAsync('#', { qos: 1 });
    await mqtt.publishAsync('a', 'x', { qos: 2 });
    await expect.poll(() => received.map(({ qos }) => qos)).toEqual([2]);
  });

  test.each([0, 1, 2] as const)('never exceeds the granted QoS %i', async (qos) => {
    const { url } = await startBroker();
    const { mqtt, received } = await connectClient(url);
    await mqtt.publishAsync('a/kept', 'x', { qos: 2, retain: true });
    await mqtt.subscribeAsync('a/#', { qos });
    await expect.poll(() => received.length).toBe(1);
    await mqtt.publishAsync('a/live', 'x', { qos: 2 });
    await expect.poll(() => received.map((packet) => packet.qos)).toEqual([qos, qos]);
  });
});
