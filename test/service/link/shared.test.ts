// State that another process may have published for the same id: each connection reads it before it publishes any.
import { expect, test } from 'vitest';
import { buttonState } from '../../../messages/button.ts';
import { connectClient, payloads, startBroker } from '../../broker/brokers.ts';
import {
  availabilityTopic,
  event,
  eventAddress,
  eventTopic,
  info,
  infoAddress,
  numbers,
  state,
  stateAddress,
  stateTopic,
  testLink,
  until,
  type TestLink,
} from '../arrange.ts';
import { polite, publishBytes, startFakeBroker, types, type Packet, type Peer } from '../fake-broker.ts';

const filter = buttonState.filter({ button: 'main' });

/** A link that shares its state, which is always `ours`. */
function sharing(url: string, ours: number | undefined) {
  const heard: (number | undefined)[] = [];
  const made = testLink(url);
  const say = made.link.share(stateAddress, filter, (stored) => {
    heard.push(stored?.ok === true ? stored.value.presses : undefined);
    return ours === undefined ? undefined : state(ours);
  });
  return { ...made, heard, say };
}

function storedCopy(peer: Peer, number: number): void {
  const bytes = publishBytes(peer.version, stateTopic, JSON.stringify(state(number)));
  // The retain flag.
  bytes[0] = 0x31;
  peer.send(...bytes);
}

const publishedAt = (peer: Peer | undefined, topic: string) =>
  (peer?.packets ?? []).filter(({ type, body }) => type === types.publish && body.includes(topic)).length;

test('the state on the broker is read before any is published', async () => {
  const { url } = await startBroker();
  const { mqtt, received } = await connectClient(url);
  await mqtt.publishAsync(stateTopic, JSON.stringify(state(5)), { qos: 1, retain: true });
  await mqtt.subscribeAsync(stateTopic, { qos: 1 });
  const { link, heard, say } = sharing(url, 6);
  link.publish(stateAddress, state(1));
  expect(await say(state(2))).toBe(false);
  link.start();
  expect(await link.whenRead()).toBe(false);
  await until(() => link.state.state === 'connected');
  expect(await link.whenRead()).toBe(true);
  expect(await say(state(7))).toBe(true);
  expect(heard).toEqual([5]);
  await until(() => received.length === 3);
  expect(numbers(payloads(received))).toEqual([5, 6, 7]);
});

test('its absence is known after a moment', async () => {
  const { url } = await startBroker();
  const { link, heard, until: untilState } = sharing(url, undefined);
  link.start();
  await untilState('connected');
  expect(await link.whenRead()).toBe(true);
  expect(heard).toEqual([undefined]);
});

test('a connection that breaks before the copy arrives has read nothing, and the next one reads', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type !== types.subscribe) polite(packet, peer);
    else if (peer === broker.peers[0]) peer.socket.destroy();
    else {
      polite(packet, peer);
      storedCopy(peer, 5);
    }
  });
  const { link, heard } = sharing(broker.url, 6);
  link.start();
  await until(() => publishedAt(broker.peers[1], stateTopic) === 1);
  expect(heard).toEqual([5]);
  expect(publishedAt(broker.peers[0], stateTopic)).toBe(0);
});

test('a caller that waits for it learns that the connection broke before', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type !== types.subscribe) polite(packet, peer);
  });
  const { link, until: untilState } = sharing(broker.url, 6);
  link.start();
  await untilState('connected');
  const read = link.whenRead();
  broker.peers[0]?.socket.destroy();
  expect(await read).toBe(false);
});

test('after a reconnect all remembered messages wait for it, and are sent after it', async () => {
  const withheld: Peer[] = [];
  const broker = await startFakeBroker((packet: Packet, peer: Peer) => {
    polite(packet, peer);
    if (packet.type !== types.subscribe || !packet.body.includes(stateTopic)) return;
    if (peer === broker.peers[0]) storedCopy(peer, 5);
    else withheld.push(peer);
  });
  const { link, heard, until: untilState }: TestLink & { heard: unknown[] } = sharing(broker.url, 6);
  link.publish(infoAddress, info('host', 'instance'));
  link.start();
  await until(() => publishedAt(broker.peers[0], stateTopic) === 1);
  broker.peers[0]?.socket.destroy();
  await untilState('connecting');
  await untilState('connected');
  link.publish(eventAddress, event(1));
  const late = new Promise<void>((resolve) => {
    void link.publishAcknowledged(eventAddress, event(2), 10_000).then(() => resolve());
  });
  await until(() => withheld.length === 1);
  const [peer] = withheld;
  // Before that, only the requested messages are sent.
  await link.publishNow(eventAddress, event(3));
  expect([publishedAt(peer, stateTopic), publishedAt(peer, availabilityTopic)]).toEqual([0, 0]);
  expect(publishedAt(peer, eventTopic)).toBe(1);
  if (peer !== undefined) storedCopy(peer, 7);
  await late;
  expect(heard).toEqual([5, 7]);
  const order = (peer?.packets ?? [])
    .filter(({ type }) => type === types.publish)
    .map(({ body }) => body.toString('utf8', 2, 2 + body.readUInt16BE(0)));
  expect(order).toEqual([
    eventTopic,
    stateTopic,
    `P/${infoAddress.topic}`,
    availabilityTopic,
    eventTopic,
    eventTopic,
  ]);
});

test('a copy that arrives late is still read', async () => {
  const broker = await startFakeBroker(polite);
  const { link, heard, until: untilState } = sharing(broker.url, 6);
  link.start();
  await untilState('connected');
  expect(await link.whenRead()).toBe(true);
  const [peer] = broker.peers;
  if (peer !== undefined) storedCopy(peer, 5);
  await until(() => publishedAt(peer, stateTopic) === 2);
  expect(heard).toEqual([undefined, 5]);
});

test('a caller that waits for an acknowledgement also gets it from a later connection', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    const isEvent = packet.type === types.publish && packet.body.includes(eventTopic);
    if (isEvent && peer === broker.peers[0]) peer.socket.destroy();
    else polite(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  let late = 0;
  const acknowledged = await link.publishAcknowledged(eventAddress, event(1), 10_000, () => {
    late += 1;
  });
  expect(acknowledged).toBe(false);
  await until(() => late > 0);
  expect(publishedAt(broker.peers[1], eventTopic)).toBe(1);
  // An acknowledged message is not sent again.
  broker.peers[1]?.socket.destroy();
  await untilState('connecting');
  await untilState('connected');
  expect(await link.publishNow(eventAddress, event(2))).toBe('acknowledged');
  expect(publishedAt(broker.peers.at(-1), eventTopic)).toBe(1);
  expect(late).toBe(1);
});
