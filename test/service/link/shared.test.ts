// State that another process may have published for the same id. The link reads it on each connection before it publishes
// any state.
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

/** A link that shares its state. If the link may publish the state, it publishes `ours`. */
function sharing(url: string, ownNumber: number | undefined) {
  const readStates: (number | undefined)[] = [];
  const sharingLink = testLink(url);
  const announce = sharingLink.link.share(stateAddress, filter, (stored) => {
    readStates.push(stored?.ok === true ? stored.value.presses : undefined);
    return ownNumber === undefined ? undefined : state(ownNumber);
  });
  return { ...sharingLink, readStates, announce };
}

function storedCopy(peer: Peer, number: number): void {
  const bytes = publishBytes(peer.version, stateTopic, JSON.stringify(state(number)));
  // Sets the retain flag.
  bytes[0] = 0x31;
  peer.send(...bytes);
}

const publishedAt = (peer: Peer | undefined, topic: string) =>
  (peer?.packets ?? []).filter(({ type, body }) => type === types.publish && body.includes(topic)).length;

test('the state on the broker is read before the link publishes any', async () => {
  const { url } = await startBroker();
  const { mqtt, received } = await connectClient(url);
  await mqtt.publishAsync(stateTopic, JSON.stringify(state(5)), { qos: 1, retain: true });
  await mqtt.subscribeAsync(stateTopic, { qos: 1 });
  const { link, readStates, announce } = sharing(url, 6);
  link.publish(stateAddress, state(1));
  expect(await announce(state(2))).toBe(false);
  link.start();
  expect(await link.whenRead()).toBe(false);
  await until(() => link.state.state === 'connected');
  expect(await link.whenRead()).toBe(true);
  expect(await announce(state(7))).toBe(true);
  expect(readStates).toEqual([5]);
  await until(() => received.length === 3);
  expect(numbers(payloads(received))).toEqual([5, 6, 7]);
});

test('the absence of a state on the broker is known after a moment', async () => {
  const { url } = await startBroker();
  const { link, readStates, until: untilState } = sharing(url, undefined);
  link.start();
  await untilState('connected');
  expect(await link.whenRead()).toBe(true);
  expect(readStates).toEqual([undefined]);
});

test('a connection that breaks before the retained state arrives counts as not read, and the next one reads it', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type !== types.subscribe) polite(packet, peer);
    else if (peer === broker.peers[0]) peer.socket.destroy();
    else {
      polite(packet, peer);
      storedCopy(peer, 5);
    }
  });
  const { link, readStates } = sharing(broker.url, 6);
  link.start();
  await until(() => publishedAt(broker.peers[1], stateTopic) === 1);
  expect(readStates).toEqual([5]);
  expect(publishedAt(broker.peers[0], stateTopic)).toBe(0);
});

test('a caller that waits for the reading learns that the connection broke before it', async () => {
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

test('after a reconnect, all remembered messages are sent only after the reading', async () => {
  const withheld: Peer[] = [];
  const broker = await startFakeBroker((packet: Packet, peer: Peer) => {
    polite(packet, peer);
    if (packet.type !== types.subscribe || !packet.body.includes(stateTopic)) return;
    if (peer === broker.peers[0]) storedCopy(peer, 5);
    else withheld.push(peer);
  });
  const {
    link,
    readStates,
    until: untilState,
  }: TestLink & { readStates: unknown[] } = sharing(broker.url, 6);
  link.publish(infoAddress, info('host', 'instance'));
  link.start();
  await until(() => publishedAt(broker.peers[0], stateTopic) === 1);
  broker.peers[0]?.socket.destroy();
  await untilState('connecting');
  await untilState('connected');
  link.publish(eventAddress, event(1));
  const acknowledged = new Promise<void>((resolve) => {
    void link.publishAcknowledged(eventAddress, event(2), 10_000).then(() => resolve());
  });
  await until(() => withheld.length === 1);
  const [peer] = withheld;
  // Until then, only messages that were requested for now are sent.
  await link.publishNow(eventAddress, event(3));
  expect([publishedAt(peer, stateTopic), publishedAt(peer, availabilityTopic)]).toEqual([0, 0]);
  expect(publishedAt(peer, eventTopic)).toBe(1);
  if (peer !== undefined) storedCopy(peer, 7);
  await acknowledged;
  expect(readStates).toEqual([5, 7]);
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

test('a retained state that arrives late is still read', async () => {
  const broker = await startFakeBroker(polite);
  const { link, readStates, until: untilState } = sharing(broker.url, 6);
  link.start();
  await untilState('connected');
  expect(await link.whenRead()).toBe(true);
  const [peer] = broker.peers;
  if (peer !== undefined) storedCopy(peer, 5);
  await until(() => publishedAt(peer, stateTopic) === 2);
  expect(readStates).toEqual([undefined, 5]);
});

test('a caller that waits for an acknowledgement also gets it on a later connection', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    const isEvent = packet.type === types.publish && packet.body.includes(eventTopic);
    if (isEvent && peer === broker.peers[0]) peer.socket.destroy();
    else polite(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  let acknowledgements = 0;
  const acknowledged = await link.publishAcknowledged(eventAddress, event(1), 10_000, () => {
    acknowledgements += 1;
  });
  expect(acknowledged).toBe(false);
  await until(() => acknowledgements > 0);
  expect(publishedAt(broker.peers[1], eventTopic)).toBe(1);
  // An acknowledged message is not sent again.
  broker.peers[1]?.socket.destroy();
  await untilState('connecting');
  await untilState('connected');
  expect(await link.publishNow(eventAddress, event(2))).toBe('acknowledged');
  expect(publishedAt(broker.peers.at(-1), eventTopic)).toBe(1);
  expect(acknowledgements).toBe(1);
});
