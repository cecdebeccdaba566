// A broker process is paused and continues. Its unread messages are older than they look.
import { expect, onTestFinished, test } from 'vitest';
import { createWorkplace, type Running } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { connectClient, payloads } from './brokers.ts';

/**
 * In milliseconds: how long an agent waits for the broker before it withdraws a press, and one tick of the pause watch.
 */
const longEnoughMs = 2_500;

async function brokerProcess(): Promise<{ readonly running: Running; readonly url: string }> {
  const workplace = createWorkplace();
  onTestFinished(() => workplace.clear());
  const running = workplace.start(['broker']);
  return { running, url: await running.untilListening((line) => line['part'] === 'broker') };
}

async function standStill(running: Running, forMs: number, meanwhile: () => void): Promise<void> {
  running.signal('SIGSTOP');
  const startedAt = performance.now();
  meanwhile();
  await until('the pause to be over', () => performance.now() - startedAt > forMs);
  running.signal('SIGCONT');
}

test('does not pass on an event that was unread during the pause, because its sender may have withdrawn it, and disconnects the sender', async () => {
  const { running, url } = await brokerProcess();
  const [subscriber, patient, withdrawing] = await Promise.all([
    connectClient(url),
    connectClient(url),
    connectClient(url),
  ]);
  await subscriber.mqtt.subscribeAsync('#', { qos: 1 });
  let closed = false;
  patient.mqtt.once('close', () => (closed = true));

  await standStill(running, longEnoughMs, () => {
    patient.mqtt.publish('press', 'late', { qos: 1 });
    withdrawing.mqtt.publish('press', 'taken back', { qos: 1 });
    // An agent withdraws a press in this way. The bytes stay in the broker's receive buffer nevertheless.
    withdrawing.mqtt.stream.destroy();
  });
  await until('the sender to be cut off', () => closed);

  const reconnected = await connectClient(url);
  await reconnected.mqtt.publishAsync('press', 'now', { qos: 1 });
  await until('the press of now', () => payloads(subscriber.received).includes('now'));
  expect(payloads(subscriber.received)).toEqual(['now']);
  expect(running.output()).toMatch(/was paused or starved for [\d.]+ s/);
});

test('keeps state that was unread during the pause, and every client that sent no event during the pause', async () => {
  const { running, url } = await brokerProcess();
  const will = { topic: 'availability', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
  const [subscriber, owner, dying] = await Promise.all([
    connectClient(url),
    connectClient(url),
    connectClient(url, { will }),
  ]);
  await subscriber.mqtt.subscribeAsync('#', { qos: 1 });

  await standStill(running, longEnoughMs, () => {
    owner.mqtt.publish('state', 'new', { qos: 1, retain: true });
    dying.mqtt.stream.destroy();
  });
  await until('state and last will', () => subscriber.received.length === 2);
  expect(payloads(subscriber.received).sort()).toEqual(['gone', 'new']);
  expect([owner.mqtt.connected, subscriber.mqtt.connected]).toEqual([true, true]);
});

test('passes on events that were unread only for a moment', async () => {
  const { running, url } = await brokerProcess();
  const [subscriber, patient] = await Promise.all([connectClient(url), connectClient(url)]);
  await subscriber.mqtt.subscribeAsync('#', { qos: 1 });
  await standStill(running, 500, () => {
    patient.mqtt.publish('press', 'a moment ago', { qos: 1 });
  });
  await until('the press', () => payloads(subscriber.received).includes('a moment ago'));
});
