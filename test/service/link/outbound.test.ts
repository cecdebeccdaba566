import { expect, test, vi } from 'vitest';
import { buttonState } from '../../../messages/button.ts';
import { connectClient, startBroker } from '../../broker/brokers.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import {
  availabilityTopic,
  connectedLink,
  event,
  eventAddress,
  eventTopic,
  numbers,
  state,
  stateAddress,
  stateTopic,
  testLink,
  until,
} from '../arrange.ts';
import { accept, polite, readPublish, startFakeBroker, types } from '../fake-broker.ts';
import { patienceMs } from '../../support/patience.ts';

const brokerOnSamePort = async (port: number) => {
  const { broker } = await startBroker({ port });
  return broker;
};

test('messages that were published without a connection are sent in order, and of a state only the newest version', async () => {
  const broker = await startFakeBroker(polite);
  const { link, until: untilState } = testLink(broker.url);
  for (let number = 1; number <= 5; number += 1) {
    link.publish(eventAddress, event(number));
    link.publish(stateAddress, state(number));
  }
  link.start();
  await untilState('connected');
  await until(() => broker.published().length === 7);
  const published = broker.published();
  // The states come before `online`, because whoever sees `online` may trust them.
  expect(published.slice(0, 2).map(({ topic }) => topic)).toEqual([stateTopic, availabilityTopic]);
  const numbersOn = (topic: string) =>
    numbers(published.filter((message) => message.topic === topic).map((one) => one.payload));
  expect(numbersOn(stateTopic)).toEqual([5]);
  expect(numbersOn(eventTopic)).toEqual([1, 2, 3, 4, 5]);
});

test('events that were in flight when the connection broke are sent again in order', async () => {
  let acknowledges = false;
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.publish && !acknowledges) return;
    polite(packet, peer);
  });
  const { link } = await connectedLink(broker.url);
  for (const number of [1, 2, 3]) link.publish(eventAddress, event(number));
  await until(() => broker.published().length === 4);
  acknowledges = true;
  broker.peers[0]?.socket.destroy();
  await until(() => broker.peers.length === 2);
  const second = () =>
    (broker.peers[1]?.packets ?? [])
      .filter(({ type }) => type === types.publish)
      .map((packet) => readPublish(packet, 5))
      .filter(({ topic }) => topic === eventTopic);
  await until(() => second().length === 3);
  expect(numbers(second().map(({ payload }) => payload))).toEqual([1, 2, 3]);
});

test('an event that is older than a minute is no longer sent', async () => {
  const broker = await startFakeBroker(polite);
  const clock = createFakeClock();
  const { link, until: untilState } = testLink(broker.url, { clock });
  link.publish(eventAddress, event(1));
  clock.advance(30_000);
  link.publish(eventAddress, event(2));
  clock.advance(30_000);
  link.start();
  await untilState('connected');
  await until(() => broker.published().some(({ topic }) => topic === eventTopic));
  expect(
    numbers(
      broker
        .published()
        .filter(({ topic }) => topic === eventTopic)
        .map(({ payload }) => payload),
    ),
  ).toEqual([2]);
});

test('no more messages are in flight than an MQTT 5 broker accepts, and all of them arrive in order', async () => {
  const acknowledgements: (() => void)[] = [];
  let mostInFlight = 0;
  let acknowledges = false;
  const broker = await startFakeBroker((packet, peer) => {
    // Receive maximum (0x21) of 10 messages.
    if (packet.type === types.connect) accept(peer, 0x21, 0, 10);
    else if (packet.type === types.publish) {
      acknowledgements.push(() => polite(packet, peer));
      mostInFlight = Math.max(mostInFlight, acknowledgements.length);
      if (acknowledges)
        setImmediate(() => acknowledgements.splice(0).forEach((acknowledge) => acknowledge()));
    } else polite(packet, peer);
  });
  const { link } = await connectedLink(broker.url);
  for (let number = 1; number <= 100; number += 1) link.publish(eventAddress, event(number));
  await until(() => acknowledgements.length === 10);
  acknowledges = true;
  acknowledgements.splice(0).forEach((acknowledge) => acknowledge());
  await until(() => broker.published().length === 101);
  expect(
    numbers(
      broker
        .published()
        .slice(1)
        .map(({ payload }) => payload),
    ),
  ).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  expect(mostInFlight).toBe(10);
});

test('thousands of states are published again after a restart of the broker', async () => {
  const { broker, url, port } = await startBroker();
  const { link, until: untilState } = await connectedLink(url);
  const count = 3000;
  for (let number = 0; number < count; number += 1)
    link.publish(buttonState.at({ button: `b${number}` }), state(number));
  await broker.stop();
  await untilState('connecting');
  await brokerOnSamePort(port);
  const { mqtt, received } = await connectClient(url);
  await mqtt.subscribeAsync('P/button/+/state', { qos: 1 });
  await vi.waitUntil(() => new Set(received.map(({ topic }) => topic)).size === count, {
    timeout: patienceMs,
  });
  expect(link.state.state).toBe('connected');
});

test('a message that is larger than the broker accepts is not sent, and the connection stays', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    // Maximum packet size (0x27) of 100 bytes.
    if (packet.type === types.connect) accept(peer, 0x27, 0, 0, 0, 100);
    else polite(packet, peer);
  });
  const { link, lines } = await connectedLink(broker.url);
  link.publish(stateAddress, { ...state(1), fault: 'x'.repeat(100) });
  link.publish(eventAddress, event(1));
  await until(() => broker.published().length === 2);
  expect(broker.published().map(({ topic }) => topic)).toEqual([availabilityTopic, eventTopic]);
  expect(lines.join('')).toMatch(/is not sent: it has \d+ bytes, and the broker accepts at most 100/);
});

test('a state or event that is not acknowledged within 10 s breaks the connection, and is sent on the next one', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    const isEvent = packet.type === types.publish && readPublish(packet, 5).topic === eventTopic;
    if (isEvent && broker.peers.length === 1) return;
    polite(packet, peer);
  });
  const clock = createFakeClock();
  const { link, states, until: untilState } = await connectedLink(broker.url, { clock });
  link.publish(eventAddress, event(1));
  await until(() => broker.published().length === 2);
  clock.advance(10_000);
  await untilState('connecting');
  expect(states.at(-1)?.message).toContain(`has not acknowledged ${eventTopic} in time`);
  clock.advance(100);
  await untilState('connected');
  await until(() => broker.published().filter(({ topic }) => topic === eventTopic).length === 2);
});
