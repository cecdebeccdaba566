import { connect, type IConnackPacket } from 'mqtt';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectClient, payloads, startBareLibrary, startBroker } from './brokers.ts';
import { connectWire, publishPacket, types } from './wire.ts';

/** Moves the time of day only. Timers run as usual. */
function movableDate(): { advance(ms: number): void } {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  return { advance: (ms) => void vi.setSystemTime(Date.now() + ms) };
}

describe('last wills', () => {
  test.each([4, 5] as const)(
    'are published when the connection of a client of version %i breaks',
    async (version) => {
      const { port, url } = await startBroker();
      const watcher = await connectClient(url);
      await watcher.mqtt.subscribeAsync('P/+/availability', { qos: 1 });
      const will = { topic: 'P/main/availability', payload: 'offline', qos: 1, retain: true };
      const client = await connectWire(port, { version, clientId: 'agent', will });
      client.socket.resetAndDestroy();
      await expect.poll(() => payloads(watcher.received)).toEqual(['offline']);
      const subscriber = await connectClient(url);
      await subscriber.mqtt.subscribeAsync('P/main/availability', { qos: 1 });
      await expect.poll(() => payloads(subscriber.received)).toEqual(['offline']);
    },
  );

  test.each([4, 5] as const)('are discarded by a DISCONNECT over version %i', async (version) => {
    const { port, url } = await startBroker();
    const watcher = await connectClient(url);
    await watcher.mqtt.subscribeAsync('#', { qos: 1 });
    const will = { topic: 'availability', payload: 'offline', qos: 1, retain: true };
    const client = await connectWire(port, { version, clientId: 'agent', will });
    client.send(Buffer.from([0xe0, 0]));
    await client.untilClosed();
    await watcher.mqtt.publishAsync('after', 'it', { qos: 1 });
    await expect.poll(() => payloads(watcher.received)).toEqual(['it']);
  });

  test('with a delay are published at once and without that property, because the session has ended', async () => {
    const { url } = await startBroker();
    const watcher = await connectClient(url);
    await watcher.mqtt.subscribeAsync('#', { qos: 1 });
    const { mqtt } = await connectClient(url, {
      properties: { sessionExpiryInterval: 3600 },
      will: {
        topic: 'availability',
        payload: Buffer.from('offline'),
        qos: 1,
        retain: false,
        properties: { willDelayInterval: 3600, contentType: 'text/plain' },
      },
    });
    mqtt.stream.destroy();
    await expect.poll(() => payloads(watcher.received)).toEqual(['offline']);
    expect(watcher.received[0]?.properties).toEqual({ contentType: 'text/plain' });
  });
});

describe('retained messages', () => {
  test('are cleared by an empty payload, which subscribers receive live', async () => {
    const { url } = await startBroker();
    const { mqtt, received } = await connectClient(url);
    await mqtt.publishAsync('P/app/argocd/shop', 'here', { qos: 1, retain: true });
    await mqtt.subscribeAsync('P/app/#', { qos: 1 });
    await expect.poll(() => payloads(received)).toEqual(['here']);
    await mqtt.publishAsync('P/app/argocd/shop', '', { qos: 1, retain: true });
    await expect.poll(() => payloads(received)).toEqual(['here', '']);
    const laterSubscriber = await connectClient(url);
    await laterSubscriber.mqtt.subscribeAsync('P/app/#', { qos: 1 });
    await laterSubscriber.mqtt.publishAsync('P/app/end', 'end', { qos: 1 });
    await expect.poll(() => payloads(laterSubscriber.received)).toEqual(['end']);
  });

  test('with an expiry reach live subscribers unchanged, and later subscribers with the remaining time', async () => {
    const clock = movableDate();
    const { url } = await startBroker();
    const live = await connectClient(url);
    await live.mqtt.subscribeAsync('a', { qos: 1 });
    const properties = { messageExpiryInterval: 100 };
    await live.mqtt.publishAsync('a', 'x', { qos: 1, retain: true, properties });
    await expect.poll(() => live.received[0]?.properties?.messageExpiryInterval).toBe(100);
    clock.advance(40_000);
    const laterSubscriber = await connectClient(url);
    await laterSubscriber.mqtt.subscribeAsync('a', { qos: 1 });
    await expect.poll(() => laterSubscriber.received.length).toBe(1);
    const remainingSeconds = laterSubscriber.received[0]?.properties?.messageExpiryInterval ?? 0;
    expect(remainingSeconds).toBeGreaterThan(0);
    expect(remainingSeconds).toBeLessThanOrEqual(60);
  });

  test('are not delivered after they have expired', async () => {
    const clock = movableDate();
    const { url } = await startBroker();
    const { mqtt } = await connectClient(url);
    await mqtt.publishAsync('a', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 100 } });
    clock.advance(101_000);
    const laterSubscriber = await connectClient(url);
    await laterSubscriber.mqtt.subscribeAsync('#', { qos: 1 });
    await laterSubscriber.mqtt.publishAsync('end', 'end', { qos: 1 });
    await expect.poll(() => payloads(laterSubscriber.received)).toEqual(['end']);
  });

  test.each(['a/+/b', 'a/#', '+//b', '#'])(
    'are found by %s if their topic has an empty level',
    async (filter) => {
      const { url } = await startBroker();
      const { mqtt, received } = await connectClient(url);
      await mqtt.publishAsync('a//b', 'x', { qos: 1, retain: true });
      await mqtt.subscribeAsync(filter, { qos: 1 });
      await expect.poll(() => payloads(received)).toEqual(['x']);
    },
  );

  test('are gone after a stop, because their owners publish them again', async () => {
    const { broker, url } = await startBroker();
    const { mqtt } = await connectClient(url);
    await mqtt.publishAsync('a', 'x', { qos: 1, retain: true });
    await broker.stop();
    const restarted = await broker.start();
    const { mqtt: late, received } = await connectClient(restarted.url);
    await late.subscribeAsync('#', { qos: 1 });
    await late.publishAsync('end', 'end', { qos: 1 });
    await expect.poll(() => payloads(received)).toEqual(['end']);
  });
});

describe('sessions end with their connection', () => {
  test('MQTT 5 clients learn that their session has ended, and that no message was kept', async () => {
    const { url } = await startBroker();
    const sleeper = {
      protocolVersion: 5,
      clientId: 'sleeper',
      clean: false,
      reconnectPeriod: 0,
      properties: { sessionExpiryInterval: 3600 },
    } as const;
    const first = await connectClient(url, sleeper);
    await first.mqtt.subscribeAsync('a', { qos: 1 });
    const closed = new Promise((resolve) => {
      first.mqtt.once('close', () => resolve(true));
    });
    first.mqtt.stream.destroy();
    await closed;
    const sender = await connectClient(url);
    await sender.mqtt.publishAsync('a', 'while you slept', { qos: 1 });

    const reconnected = connect(url, sleeper);
    onTestFinished(() => reconnected.endAsync(true));
    const received: string[] = [];
    reconnected.on('message', (_topic, payload) => received.push(payload.toString()));
    const connack = await new Promise<IConnackPacket>((resolve) => {
      reconnected.once('connect', resolve);
    });
    expect(connack).toMatchObject({ sessionPresent: false, properties: { sessionExpiryInterval: 0 } });
    await reconnected.subscribeAsync('end', { qos: 1 });
    await sender.mqtt.publishAsync('end', 'end', { qos: 1 });
    await expect.poll(() => received).toEqual(['end']);
  });

  test('3.1.1 clients learn that no session is present', async () => {
    const { port } = await startBroker();
    for (let round = 0; round < 2; round += 1) {
      const client = await connectWire(port, { version: 4, clientId: 'sleeper', clean: false });
      expect([...(await client.frame(types.connack)).body]).toEqual([0, 0]);
      client.socket.destroy();
    }
  });

  test('only in the bare library, a QoS 2 message id of an earlier session swallows the next message', async () => {
    const twice = async ({ port, url }: { port: number; url: string }) => {
      const watcher = await connectClient(url);
      await watcher.mqtt.subscribeAsync('#', { qos: 0 });
      for (const payload of ['one', 'two']) {
        const client = await connectWire(port, { version: 5, clientId: 'sender' });
        client.send(publishPacket(5, 'a', payload, { qos: 2, messageId: 1 }));
        await client.frame(types.pubrec);
        client.socket.resetAndDestroy();
        await client.untilClosed();
      }
      await watcher.mqtt.publishAsync('end', 'end', { qos: 0 });
      await expect.poll(() => payloads(watcher.received).at(-1)).toBe('end');
      return payloads(watcher.received);
    };
    expect(await twice(await startBareLibrary())).toEqual(['one', 'end']);
    expect(await twice(await startBroker())).toEqual(['one', 'two', 'end']);
  });
});
