import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buttonEvent, buttonState } from '../../../messages/button.ts';
import { buttonPress } from '../../../messages/press.ts';
import { workerAvailability } from '../../../messages/worker.ts';
import { connectClient, startBroker } from '../../broker/brokers.ts';
import { connectedLink, event, eventTopic, pressTopic, testLink, until } from '../arrange.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { accept, polite, publishBytes, startFakeBroker, subscriptions, types } from '../fake-broker.ts';

test('a handler that throws affects neither other handlers nor the connection', async () => {
  const { url } = await startBroker();
  const { link, lines } = await connectedLink(url);
  const received: unknown[] = [];
  link.subscribe(buttonEvent.filter({ button: 'main' }), () => {
    throw new Error('a bug of a handler');
  });
  link.subscribe(buttonEvent.filter(), (message) => received.push(message?.heldMs));
  await link.subscribed();
  link.publish(buttonEvent.at({ button: 'main' }), event(1));
  link.publish(buttonEvent.at({ button: 'main' }), event(2));
  await until(() => received.includes(2));
  expect(received).toContain(1);
  expect(lines.join('')).toContain('a message could not be handled: a bug of a handler');
});

test('a message that cannot be decoded is logged, and passed on only to handlers that ask for all messages', async () => {
  const { url } = await startBroker();
  const { link, lines } = await connectedLink(url);
  const received: unknown[] = [];
  const raw: unknown[] = [];
  link.subscribe(buttonEvent.filter(), (message) => received.push(message));
  link.subscribeRaw(buttonEvent.filter(), (decoded) => raw.push(decoded?.ok));
  await link.subscribed();
  const { mqtt } = await connectClient(url);
  for (const payload of ['{', '{"event_type":"wink"}', Buffer.from([0xff]), JSON.stringify(event(1))])
    await mqtt.publishAsync(eventTopic, payload, { qos: 1 });
  await until(() => received.length === 1);
  expect(received).toEqual([event(1)]);
  expect(raw).toEqual([false, false, false, true]);
  const log = lines.join('');
  expect(log).toContain('ignored a message on button/main/event: ');
  expect(log).toContain('the payload is not UTF-8 text');
});

test('a payload over the limit of its row is not parsed', async () => {
  const { url } = await startBroker();
  const { link, lines } = await connectedLink(url);
  const received: unknown[] = [];
  link.subscribe(buttonEvent.filter(), (message) => received.push(message?.heldMs));
  await link.subscribed();
  const { mqtt } = await connectClient(url);
  await mqtt.publishAsync(eventTopic, JSON.stringify({ ...event(1), padding: 'x'.repeat(20_000) }), {
    qos: 1,
  });
  await mqtt.publishAsync(eventTopic, JSON.stringify(event(2)), { qos: 1 });
  await until(() => received.length > 0);
  expect(received).toEqual([2]);
  expect(lines.join('')).toMatch(/the payload has 20\d+ bytes, more than 16384/);
});

test('no-local and retain-as-published are requested, also for a subscription that is added later', async () => {
  const broker = await startFakeBroker(polite);
  const { link, until: untilState } = testLink(broker.url);
  link.subscribe(buttonPress.filter(), () => {}, { noLocal: true, retainAsPublished: true });
  link.start();
  await untilState('connected');
  link.subscribe(buttonState.filter(), () => {}, { retainAsPublished: true });
  link.subscribe(buttonEvent.filter(), () => {});
  await link.subscribed();
  const requested = (broker.peers[0]?.packets ?? [])
    .filter(({ type }) => type === types.subscribe)
    .flatMap((packet) => subscriptions(packet, 5));
  // Bits of MQTT 5.0, 3.8.3.1: QoS 1, no local 4, retain as published 8.
  expect(Object.fromEntries(requested.map(({ filter, options }) => [filter, options]))).toEqual({
    'P/worker/main/availability': 1,
    'P/button/+/press': 1 | 4 | 8,
    'P/button/+/state': 1 | 8,
    'P/button/+/event': 1,
  });
});

test('with a real broker, retain-as-published shows that a live press is retained, and no-local hides our own messages', async () => {
  const { url } = await startBroker();
  const { link } = await connectedLink(url);
  const received: unknown[] = [];
  link.subscribe(buttonPress.filter(), (message, { retained }) => received.push([message?.id, retained]), {
    noLocal: true,
    retainAsPublished: true,
  });
  await link.subscribed();
  await link.publishNow(buttonPress.at({ button: 'main' }), { id: 'own' });
  const { mqtt } = await connectClient(url);
  await mqtt.publishAsync(pressTopic, '{"id":"live"}', { qos: 1 });
  await mqtt.publishAsync(pressTopic, '{"id":"retained"}', { qos: 1, retain: true });
  await until(() => received.length === 2);
  expect(received).toEqual([
    ['live', false],
    ['retained', true],
  ]);
});

test('response topic and correlation data are passed on', async () => {
  const { url } = await startBroker();
  const { link } = await connectedLink(url);
  const received: unknown[] = [];
  link.subscribeRaw(buttonPress.filter(), (_, { responseTopic, correlationData }) =>
    received.push([responseTopic, correlationData?.toString()]),
  );
  await link.subscribed();
  const { mqtt } = await connectClient(url);
  await mqtt.publishAsync(pressTopic, 'press', {
    qos: 1,
    properties: { responseTopic: 'answers', correlationData: Buffer.from('7') },
  });
  await until(() => received.length === 1);
  expect(received).toEqual([['answers', '7']]);
});

test('a subscription that the broker refuses is named in the log, and the others work', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type !== types.subscribe) return polite(packet, peer);
    const codes = subscriptions(packet, 5).map(({ filter }) => (filter.endsWith('press') ? 0x87 : 1));
    const [high = 0, low = 0] = packet.body;
    return peer.send(0x90, 3 + codes.length, high, low, 0, ...codes);
  });
  const { link, lines, until: untilState } = testLink(broker.url);
  const received: unknown[] = [];
  link.subscribe(buttonEvent.filter(), (message) => received.push(message?.heldMs));
  link.subscribe(buttonPress.filter(), () => {});
  link.start();
  await untilState('connected');
  await link.subscribed();
  const refusals = lines.filter((line) => line.includes('refuses the subscription'));
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toContain('refuses the subscription to P/button/+/press: do its access rules');
  broker.peers[0]?.socket.write(publishBytes(5, eventTopic, JSON.stringify(event(3))));
  await until(() => received.length === 1);
});

test('messages outside the prefix or with other parameters do not reach a handler', async () => {
  const broker = await startFakeBroker(polite);
  const received: unknown[] = [];
  const { link } = await connectedLink(broker.url);
  link.subscribe(buttonEvent.filter({ button: 'main' }), (_, { topic }) => received.push(topic));
  await link.subscribed();
  for (const topic of ['Q/button/main/event', 'P/button/other/event', 'P/button/MAIN/event', 'P', eventTopic])
    broker.peers[0]?.socket.write(publishBytes(5, topic, JSON.stringify(event(1))));
  await until(() => received.length === 1);
  expect(received).toEqual(['button/main/event']);
});

describe('a broker that sends too much or something wrong', () => {
  test.each([5, 4])(
    'cannot make the link collect a packet of more than 1 MiB (MQTT version %s)',
    async (version) => {
      const broker = await startFakeBroker((packet, peer) => {
        if (packet.type === types.connect && peer.version !== version) {
          peer.send(0x20, 2, 0, 1);
          peer.socket.end();
        } else polite(packet, peer);
      });
      const { states } = await connectedLink(broker.url);
      const peer = broker.peers.at(-1);
      // Only the header of a packet of 200 MiB.
      peer?.send(0x30, 0x80, 0x80, 0x80, 0x64);
      await until(() => peer?.closed === true);
      await until(() =>
        states.some(({ message }) =>
          message.includes('sent a packet of more than 1 MiB: the connection was cut'),
        ),
      );
    },
  );

  test('breaks the connection if the bytes are not MQTT, and the link reconnects', async () => {
    const broker = await startFakeBroker(polite);
    const { until: untilState, states } = await connectedLink(broker.url);
    broker.peers[0]?.send(0x00, 0x00, 0xff);
    await until(() => broker.peers.length === 2);
    await untilState('connected');
    expect(states.map(({ message }) => message).join('\n')).toContain('something that is not MQTT');
  });

  test('ends the connection with a DISCONNECT even if it does not close it', async () => {
    const broker = await startFakeBroker(polite);
    const { until: untilState, states } = await connectedLink(broker.url);
    broker.peers[0]?.send(0xe0, 1, 0x8b);
    await until(() => broker.peers.length === 2);
    await untilState('connected');
    expect(states.map(({ message }) => message).join('\n')).toContain('it is shutting down (0x8b)');
  });

  test('breaks the connection if it never answers a subscription', async () => {
    const broker = await startFakeBroker((packet, peer) => {
      if (packet.type !== types.subscribe || broker.peers.length > 1) polite(packet, peer);
    });
    const { link, states } = testLink(broker.url, { clock: hurriedClock(50) });
    link.start();
    await until(() => broker.peers.length === 2 && link.state.state === 'connected');
    expect(states.map(({ message }) => message).join('\n')).toContain('has not acknowledged a subscription');
  });

  test('causes a reconnect and nothing else by random bytes, before and after the CONNACK', async () => {
    const chunks = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), { numRuns: 200, seed: 7 });
    let next = 0;
    const broker = await startFakeBroker((packet, peer) => {
      if (packet.type !== types.connect) return;
      const chunk = chunks[next];
      next += 1;
      if (chunk === undefined) return polite(packet, peer);
      if (next % 2 === 0) accept(peer);
      return void peer.socket.end(Buffer.from(chunk));
    });
    const { link } = testLink(broker.url, { reconnect: { minMs: 1, maxMs: 1 } });
    link.subscribe(workerAvailability.filter(), () => {});
    link.start();
    await until(() => next > chunks.length && link.state.state === 'connected');
  });
});
