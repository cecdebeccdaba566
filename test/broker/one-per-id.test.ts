import { describe, expect, test, vi } from 'vitest';
import { connectClient, startBareLibrary, startBroker } from './brokers.ts';
import { connectPacket, connectWire, openWire, subscribePacket, types, type WireClient } from './wire.ts';
import { patienceMs } from '../support/patience.ts';

/** Connects twelve clients with one id at the same moment. Resolves when each of them is subscribed or disconnected. */
async function connectAtOnce(port: number): Promise<WireClient[]> {
  const clients = Array.from({ length: 12 }, () => openWire(port));
  for (const client of clients) {
    client.send(connectPacket({ version: 5, clientId: 'worker' }), subscribePacket(5, ['press']));
  }
  await Promise.all(clients.map((client) => client.frame(types.connack)));
  const settled = (client: WireClient) =>
    client.closed || client.frames.some(({ type }) => type === types.suback);
  await vi.waitUntil(() => clients.every(settled), { timeout: patienceMs });
  return clients;
}

/** How many of the clients receive a press. */
async function countReached(clients: WireClient[], url: string): Promise<number> {
  const publisher = await connectClient(url);
  const { mqtt, received } = publisher;
  await mqtt.subscribeAsync('#', { qos: 1 });
  await mqtt.publishAsync('press', 'x', { qos: 1 });
  await expect.poll(() => received.length).toBe(1);
  // The publisher may get its copy before other clients do. After one more round trip, each client has got its messages.
  for (const client of clients) if (!client.closed) client.send(Buffer.from([0xc0, 0]));
  const hasAnswered = (client: WireClient) => client.closed || client.frames.some(({ type }) => type === 13);
  await vi.waitUntil(() => clients.every(hasAnswered), { timeout: patienceMs });
  return clients.filter(({ frames }) => frames.some(({ type }) => type === types.publish)).length;
}

describe('one connection per client id', () => {
  test('the bare library keeps several clients that connect with the same id at the same moment', async () => {
    const { port, url } = await startBareLibrary();
    expect(await countReached(await connectAtOnce(port), url)).toBeGreaterThan(1);
  });

  test('of many clients that connect at the same moment, one stays and the others get 0x8E', async () => {
    const { port, url } = await startBroker();
    const clients = await connectAtOnce(port);
    await expect.poll(() => clients.filter(({ closed }) => !closed).length).toBe(1);
    expect(await countReached(clients, url)).toBe(1);
    const farewells = clients.flatMap(({ frames }) => frames.filter(({ type }) => type === types.disconnect));
    expect(farewells.map(({ body }) => body[0])).toEqual(Array.from({ length: 11 }, () => 0x8e));
  });

  test('a client gets 0x8E when another client connects with its id', async () => {
    const { url } = await startBroker();
    const first = await connectClient(url, { clientId: 'release-button-worker-main' });
    const reasonCode = new Promise((resolve) => {
      first.mqtt.on('disconnect', (packet) => resolve(packet.reasonCode));
    });
    const second = await connectClient(url, { clientId: 'release-button-worker-main' });
    expect(await reasonCode).toBe(0x8e);
    await second.mqtt.publishAsync('a', 'b', { qos: 1 });
  });

  test('over 3.1.1 the first client is disconnected', async () => {
    const { port } = await startBroker();
    const first = await connectWire(port, { version: 4, clientId: 'worker' });
    await connectWire(port, { version: 4, clientId: 'worker' });
    await first.untilClosed();
  });

  test('a client with a stuck connection does not keep out the next client with its id', async () => {
    const { port, url } = await startBroker({ limits: { farewellMs: 100, drainTimeoutMs: 60_000 } });
    const stuck = await connectWire(port, { version: 5, clientId: 'worker' });
    stuck.send(subscribePacket(5, ['#'], { qos: 0 }));
    await stuck.frame(types.suback);
    stuck.socket.pause();
    const publisher = await connectClient(url);
    // Do not await each of these: the first message that does not fit waits for the stuck client.
    for (let count = 0; count < 200; count += 1) publisher.mqtt.publish('a', Buffer.alloc(60_000));
    await connectWire(port, { version: 5, clientId: 'worker' });
  });

  test('the will of the disconnected client is published before its successor connects', async () => {
    const { port, url } = await startBroker();
    const watcher = await connectClient(url);
    await watcher.mqtt.subscribeAsync('availability', { qos: 1 });
    const will = { topic: 'availability', payload: 'offline', qos: 1, retain: true };
    await connectWire(port, { version: 5, clientId: 'worker', will });
    const successor = await connectClient(url, { clientId: 'worker' });
    await successor.mqtt.publishAsync('availability', 'online', { qos: 1, retain: true });
    await expect
      .poll(() => watcher.received.map(({ payload }) => payload.toString()))
      .toEqual(['offline', 'online']);
  });
});
