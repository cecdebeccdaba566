import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { until } from '../support/wait.ts';
import { connectClient, startBareLibrary, startBroker } from './brokers.ts';
import {
  connectPacket,
  connectWire,
  openWire,
  publishPacket,
  pubrelPacket,
  subscribePacket,
  types,
} from './wire.ts';

describe('packet size', () => {
  // 64 user properties of 16,000 characters make a CONNECT of one megabyte.
  const value = Buffer.alloc(16_000, 'v');
  const property = Buffer.concat([
    Buffer.from([0x26, 0, 1, 0x6b, value.length >> 8, value.length & 0xff]),
    value,
  ]);
  const properties = Buffer.concat(Array.from({ length: 64 }, () => property));
  const huge = connectPacket({ version: 5, clientId: 'huge', properties });

  test('the bare library reads a CONNECT of one megabyte', async () => {
    const { port } = await startBareLibrary();
    const client = openWire(port);
    client.send(huge);
    expect((await client.frame(types.connack)).body[1]).toBe(0);
  });

  test('a CONNECT that is too large closes the connection at its header', async () => {
    const { port } = await startBroker({ maximumPacketBytes: 1024 });
    const client = openWire(port);
    client.send(huge.subarray(0, 100));
    await client.untilClosed();
  });

  test('a PUBLISH that is too large is answered with 0x95 at its header; the CONNACK announces the limit', async () => {
    const { port, url } = await startBroker({ maximumPacketBytes: 1024 });
    const client = await connectWire(port, { version: 5, clientId: 'talker' });
    client.send(publishPacket(5, 'a', Buffer.alloc(2000)).subarray(0, 100));
    expect((await client.frame(types.disconnect)).body[0]).toBe(0x95);
    await client.untilClosed();
    const { mqtt } = await connectClient(url);
    await expect(mqtt.publishAsync('a', Buffer.alloc(900), { qos: 1 })).resolves.toBeDefined();
  });
});

describe('QoS 2 messages that wait for their PUBREL', () => {
  const burst = (count: number, version: 4 | 5) =>
    Array.from({ length: count }, (_, index) =>
      publishPacket(version, 'a', 'x', { qos: 2, messageId: index + 1 }),
    );
  const pubrecs = (client: { frames: readonly { type: number }[] }) =>
    client.frames.filter(({ type }) => type === types.pubrec).length;

  test('the bare library accepts any number of these messages', async () => {
    const { port } = await startBareLibrary();
    const client = await connectWire(port, { version: 5, clientId: 'hoarder' });
    client.send(...burst(2000, 5));
    await expect.poll(() => pubrecs(client)).toBe(2000);
  });

  test.each([5, 4] as const)(
    'one more than allowed ends a connection of version %i, even within one burst',
    async (version) => {
      const { port } = await startBroker({ limits: { awaitingReleasePerClient: 3 } });
      const client = await connectWire(port, { version, clientId: 'hoarder' });
      client.send(...burst(4, version));
      await client.untilClosed();
      expect(pubrecs(client)).toBeLessThanOrEqual(3);
      const farewell = client.frames.find(({ type }) => type === types.disconnect);
      expect(farewell?.body[0]).toBe(version === 5 ? 0x93 : undefined);
    },
  );

  test('a repeated message is counted once, and a released one is not counted', async () => {
    const { port } = await startBroker({ limits: { awaitingReleasePerClient: 3 } });
    const client = await connectWire(port, { version: 5, clientId: 'careful' });
    client.send(...burst(3, 5), ...burst(3, 5));
    await expect.poll(() => pubrecs(client)).toBe(6);
    client.send(pubrelPacket(2));
    await client.frame(types.pubcomp);
    client.send(publishPacket(5, 'a', 'x', { qos: 2, messageId: 4 }));
    await expect.poll(() => pubrecs(client)).toBe(7);
  });
});

describe('connections', () => {
  test('one connection too many is refused (0x88 over MQTT 5, 3 over 3.1.1) until another client leaves', async () => {
    const { port } = await startBroker({ maximumConnections: 1 });
    const first = await connectWire(port, { version: 5, clientId: 'first' });
    for (const [version, code] of [
      [5, 0x88],
      [4, 3],
    ] as const) {
      const client = openWire(port);
      client.send(connectPacket({ version, clientId: 'second' }));
      expect((await client.frame(types.connack)).body[1]).toBe(code);
      await client.untilClosed();
    }
    first.socket.destroy();
    await until('its place to be free', () =>
      connectWire(port, { version: 5, clientId: 'second' }).then(
        () => true,
        () => false,
      ),
    );
  });

  test('a full broker lets a client take over its own session', async () => {
    const { port } = await startBroker({ maximumConnections: 1 });
    await connectWire(port, { version: 5, clientId: 'first' });
    await connectWire(port, { version: 5, clientId: 'first' });
  });

  test('connections far beyond the maximum are closed without an answer', async () => {
    const { port } = await startBroker({ maximumConnections: 1, limits: { politeRefusals: 0 } });
    await connectWire(port, { version: 5, clientId: 'first' });
    const client = openWire(port);
    await client.untilClosed();
    expect(client.frames).toEqual([]);
  });

  test('a connection without a CONNECT is closed, even if the CONNECT comes byte by byte', async () => {
    const { port } = await startBroker({ connectTimeoutMs: 100 });
    const idle = openWire(port);
    const slow = openWire(port);
    slow.send(connectPacket({ version: 5, clientId: 'slow' }).subarray(0, 5));
    await Promise.all([idle.untilClosed(), slow.untilClosed()]);
  });

  test('a keep-alive that is too long is shortened over MQTT 5 and refused over 3.1.1', async () => {
    const { port } = await startBroker({ keepAliveLimitSeconds: 60 });
    const newer = await connectWire(port, { version: 5, clientId: 'newer', keepAliveSeconds: 600 });
    const serverKeepAlive = Buffer.from([0x13, 0, 60]);
    expect((await newer.frame(types.connack)).body.includes(serverKeepAlive)).toBe(true);
    const client = openWire(port);
    client.send(connectPacket({ version: 4, clientId: 'quiet', keepAliveSeconds: 600 }));
    expect((await client.frame(types.connack)).body[1]).not.toBe(0);
  });
});

describe('subscriptions of one client', () => {
  test.each([true, false])(
    'are refused beyond the maximum, even within one packet (clean: %s)',
    async (clean) => {
      const { port } = await startBroker({ maximumSubscriptionsPerClient: 3 });
      const client = await connectWire(port, { version: 4, clientId: 'curious', clean });
      client.send(subscribePacket(4, ['a', 'b/+', 'c', 'd', 'e']));
      expect([...(await client.frame(types.suback)).body.subarray(2)]).toEqual([1, 1, 1, 0x80, 0x80]);
    },
  );

  test('are accepted in any number by the bare library', async () => {
    const { port } = await startBareLibrary();
    const client = await connectWire(port, { version: 4, clientId: 'curious' });
    client.send(
      subscribePacket(
        4,
        Array.from({ length: 2000 }, (_, index) => `a/${index}`),
      ),
    );
    expect((await client.frame(types.suback)).body.subarray(2).every((code) => code === 1)).toBe(true);
  });

  test('can be replaced after an unsubscribe, and an existing one can be requested again', async () => {
    const { url } = await startBroker({ maximumSubscriptionsPerClient: 2 });
    const { mqtt } = await connectClient(url);
    await mqtt.subscribeAsync(['a', 'b'], { qos: 1 });
    await expect(mqtt.subscribeAsync('c', { qos: 1 })).rejects.toThrow();
    await mqtt.subscribeAsync('a', { qos: 0 });
    await mqtt.unsubscribeAsync('a');
    await expect(mqtt.subscribeAsync('c', { qos: 1 })).resolves.toBeDefined();
  });
});

describe('retained messages', () => {
  const retained = { qos: 1, retain: true } as const;

  test('are refused with 0x87 beyond the maximum number; replacing one still works, and clearing one makes room', async () => {
    const { url } = await startBroker({ limits: { retainedMessages: 2 } });
    const { mqtt } = await connectClient(url);
    await mqtt.publishAsync('a', '1', retained);
    await mqtt.publishAsync('b', '1', retained);
    await expect(mqtt.publishAsync('c', '1', retained)).rejects.toThrow('Not authorized');
    await mqtt.publishAsync('b', '2', retained);
    await mqtt.publishAsync('a', '', retained);
    await expect(mqtt.publishAsync('c', '1', retained)).resolves.toBeDefined();
  });

  test('are limited in bytes, with their properties included', async () => {
    const { url } = await startBroker({ limits: { retainedBytes: 1000 } });
    const { mqtt } = await connectClient(url);
    await mqtt.publishAsync('a', Buffer.alloc(900), retained);
    await expect(mqtt.publishAsync('b', Buffer.alloc(200), retained)).rejects.toThrow('Not authorized');
    const properties = { userProperties: { key: 'v'.repeat(200) } };
    await expect(mqtt.publishAsync('c', 'x', { ...retained, properties })).rejects.toThrow('Not authorized');
    await mqtt.publishAsync('a', Buffer.alloc(500), retained);
    await expect(mqtt.publishAsync('b', Buffer.alloc(200), retained)).resolves.toBeDefined();
  });
});

describe('topics', () => {
  test.each([4, 5] as const)('beginning with $ cannot be published to over version %i', async (version) => {
    const { port } = await startBroker();
    const client = await connectWire(port, { version, clientId: 'forger' });
    client.send(publishPacket(version, '$SYS/x/new/clients', 'victim', { qos: 1 }));
    if (version === 4) await client.untilClosed();
    else expect((await client.frame(types.puback)).body[2]).toBe(0x87);
  });

  test('close the connection if they have too many levels; the maximum is accepted', async () => {
    const { port, url } = await startBroker({ maximumTopicLevels: 4 });
    const { mqtt } = await connectClient(url);
    await expect(mqtt.publishAsync('a/b/c/d', 'x', { qos: 1 })).resolves.toBeDefined();
    const client = await connectWire(port, { version: 5, clientId: 'deep' });
    client.send(publishPacket(5, 'a/b/c/d/e', 'x', { qos: 1 }));
    await client.untilClosed();
  });
});

describe('a subscriber that does not read', () => {
  test('is disconnected, and every other client gets every message', async () => {
    const metrics = new Registry();
    const { port, url } = await startBroker({ metrics, limits: { drainTimeoutMs: 200 } });
    const stuck = await connectWire(port, { version: 5, clientId: 'stuck' });
    stuck.send(subscribePacket(5, ['#']));
    await stuck.frame(types.suback);
    stuck.socket.pause();
    const healthy = await connectClient(url);
    await healthy.mqtt.subscribeAsync('#', { qos: 1 });
    const publisher = await connectClient(url);
    for (let count = 0; count < 200; count += 1) {
      await publisher.mqtt.publishAsync('a', Buffer.alloc(64_000), { qos: 1 });
    }
    await expect.poll(() => healthy.received.length).toBe(200);
    const connected = async () => {
      const [value] =
        (await metrics.getSingleMetric('release_button_broker_connected_clients')?.get())?.values ?? [];
      return value?.value;
    };
    await expect.poll(connected).toBe(2);
  });
});
