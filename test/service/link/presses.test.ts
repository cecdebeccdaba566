import { expect, test } from 'vitest';
import { connectClient, payloads, startBroker } from '../../broker/brokers.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { connectedLink, pressAddress, pressTopic, state, stateAddress, testLink, until } from '../arrange.ts';
import { polite, readPublish, startFakeBroker, types, type Behaviour } from '../fake-broker.ts';

const press = { id: 'one', source: 'test' };

const silentAboutPresses: Behaviour = (packet, peer) => {
  if (packet.type === types.publish && readPublish(packet, peer.version).topic === pressTopic) return;
  polite(packet, peer);
};

test('a press is acknowledged, has an expiry, and is not retained', async () => {
  const { url } = await startBroker();
  const { mqtt, received } = await connectClient(url);
  await mqtt.subscribeAsync(pressTopic, { qos: 1, rap: true });
  const { link } = await connectedLink(url);
  expect(await link.publishNow(pressAddress, press)).toBe('acknowledged');
  await until(() => received.length === 1);
  expect(payloads(received)).toEqual([JSON.stringify(press)]);
  expect(received[0]).toMatchObject({ retain: false, qos: 1, properties: { messageExpiryInterval: 10 } });
});

test('a press without a connection is dropped at once and never sent', async () => {
  const broker = await startFakeBroker(polite);
  const { link, until: untilState } = testLink(broker.url);
  expect(await link.publishNow(pressAddress, press)).toBe('not-connected');
  link.start();
  expect(await link.publishNow(pressAddress, press)).toBe('not-connected');
  await untilState('connected');
  expect(await link.publishNow(pressAddress, { id: 'two' })).toBe('acknowledged');
  expect(
    broker
      .published()
      .filter(({ topic }) => topic === pressTopic)
      .map(({ payload }) => payload),
  ).toEqual(['{"id":"two"}']);
});

test('a press that is not acknowledged in time is withdrawn, and not sent on the next connection', async () => {
  const broker = await startFakeBroker(silentAboutPresses);
  const clock = createFakeClock();
  const { link, until: untilState, states } = await connectedLink(broker.url, { clock });
  let outcome: string | undefined;
  const outcomes = link.publishNow(pressAddress, press).then((published) => {
    outcome = published;
  });
  await until(() => broker.published().some(({ topic }) => topic === pressTopic));
  clock.advance(1_999);
  await Promise.resolve();
  expect(outcome).toBeUndefined();
  clock.advance(1);
  await outcomes;
  expect(outcome).toBe('timed-out');
  await until(() => broker.peers[0]?.closed === true);
  await untilState('connecting');
  expect(states.at(-1)?.message).toContain('the connection was cut, so that nothing arrives late');

  clock.advance(100);
  await untilState('connected');
  link.publish(stateAddress, state(1));
  await until(() => broker.published().some(({ topic }) => topic === `P/${stateAddress.topic}`));
  expect(broker.published().filter(({ topic }) => topic === pressTopic)).toHaveLength(1);
});

test('the time limit for the acknowledgement of a press can be set', async () => {
  const broker = await startFakeBroker(silentAboutPresses);
  const { link } = await connectedLink(broker.url);
  expect(await link.publishNow(pressAddress, press, { timeoutMs: 1 })).toBe('timed-out');
});

test('a press whose connection breaks before the acknowledgement is not sent again', async () => {
  const broker = await startFakeBroker(silentAboutPresses);
  const { link, until: untilState } = await connectedLink(broker.url);
  const outcome = link.publishNow(pressAddress, press);
  await until(() => broker.published().some(({ topic }) => topic === pressTopic));
  broker.peers[0]?.socket.destroy();
  expect(await outcome).toBe('not-connected');
  await until(() => broker.peers.length === 2);
  await untilState('connected');
  await link.subscribed();
  expect(broker.published().filter(({ topic }) => topic === pressTopic)).toHaveLength(1);
});

test('a press does not wait behind thousands of states', async () => {
  let isHolding = true;
  const acknowledgements: (() => void)[] = [];
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.publish && isHolding) acknowledgements.push(() => polite(packet, peer));
    else polite(packet, peer);
  });
  const { link } = await connectedLink(broker.url);
  for (let number = 0; number < 500; number += 1) link.publish(stateAddress, state(number));
  const outcome = link.publishNow(pressAddress, press);
  await until(() => acknowledgements.length > 50);
  const before = acknowledgements.length;
  isHolding = false;
  acknowledgements.splice(0, 1)[0]?.();
  expect(await outcome).toBe('acknowledged');
  expect(broker.published()[before]?.topic).toBe(pressTopic);
});

test('a press that could not be written in time is withdrawn', async () => {
  let isHolding = true;
  const acknowledgements: (() => void)[] = [];
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.publish && isHolding) acknowledgements.push(() => polite(packet, peer));
    else polite(packet, peer);
  });
  const clock = createFakeClock();
  const { link } = await connectedLink(broker.url, { clock });
  for (let number = 0; number < 200; number += 1) link.publish(stateAddress, state(number));
  const outcome = link.publishNow(pressAddress, press);
  clock.advance(2_000);
  expect(await outcome).toBe('timed-out');
  await until(() => acknowledgements.length === 100);
  isHolding = false;
  acknowledgements.forEach((acknowledge) => acknowledge());
  await until(() => broker.published().length === 201);
  expect(link.state.state).toBe('connected');
  expect(broker.published().filter(({ topic }) => topic === pressTopic)).toEqual([]);
});

test('a press that the broker refuses has the outcome `refused`, and the log names topic and reason', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.publish && readPublish(packet, 5).topic === pressTopic) {
      const at = 2 + packet.body.readUInt16BE(0);
      // PUBACK with reason code 0x87, not authorized.
      peer.send(0x40, 3, packet.body.readUInt8(at), packet.body.readUInt8(at + 1), 0x87);
    } else polite(packet, peer);
  });
  const { link, lines } = await connectedLink(broker.url);
  expect(await link.publishNow(pressAddress, press)).toBe('refused');
  expect(link.state.state).toBe('connected');
  expect(lines.join('')).toMatch(
    /the broker refused a message for P\/button\/main\/press: .*Not authorized.*access rules/,
  );
});

test('publishAcknowledged reports whether the broker has accepted an event, and sends it again if it has not', async () => {
  let acknowledges = false;
  const broker = await startFakeBroker((packet, peer) => {
    if (!acknowledges && packet.type === types.publish) return;
    polite(packet, peer);
  });
  const clock = createFakeClock();
  const { link, until: untilState } = await connectedLink(broker.url, { clock });
  const first = link.publishAcknowledged(pressAddress, { id: 'first' }, 5_000);
  await until(() => broker.published().some(({ topic }) => topic === pressTopic));
  clock.advance(5_000);
  expect(await first).toBe(false);
  acknowledges = true;
  broker.peers[0]?.socket.destroy();
  await untilState('connecting');
  clock.advance(100);
  await until(() => broker.published().filter(({ topic }) => topic === pressTopic).length === 2);
  expect(await link.publishAcknowledged(pressAddress, { id: 'second' }, 5_000)).toBe(true);
});
