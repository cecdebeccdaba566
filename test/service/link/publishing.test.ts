import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { buttonEvent, buttonState } from '../../../messages/button.ts';
import { workerAvailability } from '../../../messages/worker.ts';
import { connectClient, payloads, startBroker } from '../../broker/brokers.ts';
import {
  availabilityTopic,
  connectedLink,
  event,
  eventAddress,
  eventTopic,
  state,
  stateAddress,
  stateTopic,
  testLink,
  until,
} from '../arrange.ts';

const brokerOnSamePort = async (port: number) => {
  const { broker } = await startBroker({ port });
  return broker;
};

test('typed messages pass from one link to another', async () => {
  const { url } = await startBroker();
  const { link: sender } = await connectedLink(url);
  const received: unknown[] = [];
  const receiver = testLink(url, { clientId: 'P-other' });
  receiver.link.subscribe(buttonEvent.filter(), (message, { params, topic, retained, version }) =>
    received.push({ message, params, topic, retained, version }),
  );
  receiver.link.start();
  await receiver.until('connected');
  await receiver.link.subscribed();
  sender.publish(eventAddress, event(1));
  await until(() => received.length === 1);
  expect(received).toEqual([
    {
      message: { event_type: 'press', heldMs: 1 },
      params: { button: 'main' },
      topic: 'button/main/event',
      retained: false,
      version: 5,
    },
  ]);
});

test('state is retained, and a state that was cleared arrives as undefined', async () => {
  const { url } = await startBroker();
  const { link: sender } = await connectedLink(url);
  sender.publish(stateAddress, state(7));
  const received: unknown[] = [];
  const { link: receiver } = await connectedLink(url, { clientId: 'P-other' });
  receiver.subscribe(buttonState.filter(), (message, { retained }) =>
    received.push([message?.presses, retained]),
  );
  await until(() => received.length === 1);
  sender.clear(stateAddress);
  await until(() => received.length === 2);
  expect(received).toEqual([
    [7, true],
    [undefined, false],
  ]);
});

test('retained messages of others can be cleared, even without a connection', async () => {
  const { url } = await startBroker();
  const { mqtt } = await connectClient(url);
  await mqtt.publishAsync(stateTopic, JSON.stringify(state(1)), { qos: 1, retain: true });
  const { link, until: untilState } = testLink(url);
  link.clear(stateAddress);
  link.start();
  await untilState('connected');
  const laterClient = await connectClient(url);
  await expect
    .poll(async () => {
      await laterClient.mqtt.unsubscribeAsync(stateTopic);
      const before = laterClient.received.length;
      await laterClient.mqtt.subscribeAsync([stateTopic, availabilityTopic], { qos: 1 });
      await until(() => laterClient.received.length > before);
      return laterClient.received.slice(before).map(({ topic }) => topic);
    })
    .toEqual([availabilityTopic]);
});

test('after a restart of the broker, the link restores subscriptions and its own states', async () => {
  const { broker, url, port } = await startBroker();
  const received: unknown[] = [];
  const { link, until: untilState } = await connectedLink(url);
  link.subscribe(buttonEvent.filter(), (message) => received.push(message?.heldMs));
  link.publish(stateAddress, state(1));
  link.publish(stateAddress, state(2));
  await broker.stop();
  await untilState('connecting');
  await brokerOnSamePort(port);
  await untilState('connected');
  await link.subscribed();

  const { mqtt, received: restored } = await connectClient(url);
  await mqtt.subscribeAsync([stateTopic, availabilityTopic], { qos: 1 });
  await until(() => restored.length >= 2);
  expect(new Set(restored.map(({ topic, payload }) => `${topic} ${payload.toString()}`))).toEqual(
    new Set([`${stateTopic} ${JSON.stringify(state(2))}`, `${availabilityTopic} online`]),
  );
  await mqtt.publishAsync(eventTopic, JSON.stringify(event(5)), { qos: 1 });
  await until(() => received.length === 1);
  expect(received).toEqual([5]);
});

test('`online` is published on connect, and `offline` on an orderly stop', async () => {
  const { url } = await startBroker();
  const { mqtt, received } = await connectClient(url);
  await mqtt.subscribeAsync(availabilityTopic, { qos: 1 });
  const { link } = await connectedLink(url);
  await until(() => received.length === 1);
  await link.stop();
  await until(() => received.length === 2);
  expect(payloads(received)).toEqual(['online', 'offline']);
  const laterClient = await connectClient(url);
  await laterClient.mqtt.subscribeAsync(availabilityTopic, { qos: 1 });
  await until(() => laterClient.received.length === 1);
  expect(payloads(laterClient.received)).toEqual(['offline']);
});

test('the broker publishes `offline` for a process that was killed', async () => {
  const { url } = await startBroker();
  const { mqtt, received } = await connectClient(url);
  await mqtt.subscribeAsync(availabilityTopic, { qos: 1 });
  // A separate process, because then the kernel closes its socket and our code cannot.
  const child = spawn(process.execPath, [
    new URL('../link.child.mjs', import.meta.url).pathname,
    'stay',
    url,
  ]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(() => received.length === 1);
  child.kill('SIGKILL');
  await until(() => received.length === 2);
  expect(payloads(received)).toEqual(['online', 'offline']);
});

test('`online` is published again if another client overwrites it', async () => {
  const { url } = await startBroker();
  await connectedLink(url);
  const { mqtt, received } = await connectClient(url);
  await mqtt.subscribeAsync(availabilityTopic, { qos: 1 });
  await until(() => received.length > 0);
  for (const wrong of ['offline', 'gibberish', '']) {
    const before = received.length;
    await mqtt.publishAsync(availabilityTopic, wrong, { qos: 1, retain: true });
    await until(() => received.length >= before + 2);
    expect(payloads(received).slice(before)).toEqual([wrong, 'online']);
  }
});

test('an availability that a link watches also reaches other subscribers of the same link', async () => {
  const { url } = await startBroker();
  const received: unknown[] = [];
  const { link, until: untilState } = testLink(url);
  link.subscribe(workerAvailability.filter(), (message, { params }) =>
    received.push([params.worker, message]),
  );
  link.start();
  await untilState('connected');
  await until(() => received.length > 0);
  expect(received[0]).toEqual(['main', 'online']);
});

test('a listener that throws does not affect the link', async () => {
  const { url } = await startBroker();
  const { link, lines, until: untilState, states } = testLink(url);
  link.onState(() => {
    throw new Error('a bug of a listener');
  });
  const after: string[] = [];
  const stopListening = link.onState(({ state: now }) => after.push(now));
  link.start();
  await untilState('connected');
  stopListening();
  await link.stop();
  expect(states.map(({ state: now }) => now)).toEqual(['connecting', 'connected', 'stopped']);
  expect(after).toEqual(['connecting', 'connected']);
  expect(lines.join('')).toContain('a bug of a listener');
});

test('a link can be started again after it was stopped', async () => {
  const { url } = await startBroker();
  const { link, until: untilState } = await connectedLink(url);
  await link.stop();
  link.start();
  link.start();
  await untilState('connected');
  expect(await link.publishNow(eventAddress, event(1))).toBe('acknowledged');
});
