import { expect, onTestFinished, test } from 'vitest';
import { buttonEvent, buttonState } from '../../../messages/button.ts';
import type { Clock } from '../../../service/clock.ts';
import { connectClient, payloads, startBroker } from '../../broker/brokers.ts';
import { only311 } from '../../support/only-3-1-1.ts';
import { hasMosquittoBroker } from '../../support/programs.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { polite, readPublish, startFakeBroker, types } from '../fake-broker.ts';
import { startMosquitto } from '../mosquitto.ts';
import {
  availabilityTopic,
  event,
  eventAddress,
  eventTopic,
  info,
  infoAddress,
  numbers,
  pressAddress,
  state,
  stateAddress,
  stateTopic,
  testLink,
  until,
  type TestLink,
} from '../arrange.ts';

/**
 * Real time, but faster. A higher factor fails: Mosquitto does not switch off Nagle's algorithm, so its second packet may
 * take 40 ms.
 */
const hurried = { clock: hurriedClock(5), reconnect: { minMs: 500, maxMs: 1_000 } };

/** Starts two links with one id; the second link connects last. */
async function twoUnderOneId(
  url: string,
  clock: Clock = hurried.clock,
): Promise<{ first: TestLink; second: TestLink }> {
  const first = testLink(url, { ...hurried, clock });
  first.link.publish(infoAddress, info('first-host', 'first-instance'));
  first.link.start();
  await first.until('connected');
  const second = testLink(url, hurried);
  second.link.publish(infoAddress, info('second-host', 'second-instance'));
  second.link.start();
  await first.until('standby');
  return { first, second };
}

test('a link that is replaced stands by, names the other link, and does not reconnect at once', async () => {
  const { url } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  await until(() => first.link.state.message.includes('second-host'));
  expect(first.link.state.message).toBe(
    'standing by: P-worker-main is already connected from second-host (instance second-instance); give one of the two processes another id, or stop one of them',
  );
  // The broker acknowledges three presses of the other link, so nothing has disconnected it.
  for (const id of ['a', 'b', 'c'])
    expect(await second.link.publishNow(pressAddress, { id })).toBe('acknowledged');
  expect(second.states.map(({ state: now }) => now)).toEqual(['connecting', 'connected']);
  expect(first.link.state.state).toBe('standby');
  expect(first.states.map(({ message }) => message).join('\n')).not.toContain('first-host');
});

test('a link that stands by sends and receives no messages of its own', async () => {
  const { url } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  const received: unknown[] = [];
  first.link.subscribe(buttonEvent.filter(), (message) => received.push(message));
  const { mqtt, received: observed } = await connectClient(url);
  await mqtt.subscribeAsync(['P/button/+/event', stateTopic], { qos: 1 });
  first.link.publish(stateAddress, state(1));
  first.link.publish(eventAddress, event(1));
  expect(await first.link.publishNow(pressAddress, { id: 'a' })).toBe('not-connected');
  second.link.publish(eventAddress, event(2));
  await until(() => observed.length > 0);
  expect(numbers(payloads(observed))).toEqual([2]);
  expect(received).toEqual([]);
});

test('a link that stands by returns when the other link disconnects in order, with its subscriptions and its state', async () => {
  const { url } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  const received: unknown[] = [];
  first.link.subscribe(buttonState.filter({ button: 'other' }), (message) => received.push(message?.presses));
  first.link.publish(stateAddress, state(1));
  await second.link.stop();
  await first.until('connected');
  await first.link.subscribed();
  const { mqtt, received: observed } = await connectClient(url);
  await mqtt.subscribeAsync([availabilityTopic, stateTopic], { qos: 1 });
  await until(() => observed.length >= 2 && payloads(observed).includes('online'));
  await mqtt.publishAsync('P/button/other/state', JSON.stringify(state(4)), { qos: 1 });
  await until(() => received.length === 1);
});

/** A fast clock that counts the timers of a take-over. They last 3 to 7 s, as no other timer does. */
function countingClock() {
  const clock = hurriedClock(5);
  const running = new Set<object>();
  let begun = 0;
  return {
    running: () => running.size,
    begun: () => begun,
    clock: {
      ...clock,
      setTimeout: (fn: () => void, ms: number) => {
        const timer = clock.setTimeout(fn, ms);
        if (ms < 3_000 || ms > 7_000) return timer;
        begun += 1;
        running.add(timer);
        return {
          cancel: () => {
            running.delete(timer);
            timer.cancel();
          },
        };
      },
    },
  };
}

test('the last will of the replaced link does not bring it back', async () => {
  const { url } = await startBroker();
  const { mqtt } = await connectClient(url);
  const counting = countingClock();
  const { first, second } = await twoUnderOneId(url, counting.clock);
  await until(() => first.link.state.message.includes('second-host'));
  // The late will comes three times, and the other link corrects it at once.
  for (let time = 0; time < 3; time += 1) {
    const before = counting.begun();
    await mqtt.publishAsync(availabilityTopic, 'offline', { qos: 1, retain: true });
    await until(() => counting.begun() > before && counting.running() === 0);
  }
  expect([first.link.state.state, second.link.state.state]).toEqual(['standby', 'connected']);
});

test('the retained info of the replaced link is not mistaken for that of the other link', async () => {
  const { url } = await startBroker();
  const first = testLink(url, hurried);
  first.link.publish(infoAddress, info('first-host', 'first-instance'));
  first.link.start();
  await first.until('connected');
  const second = testLink(url, hurried);
  second.link.start();
  await first.until('standby');
  // The link that stands by reads this info before the other link has published its own: the reader first gets the
  // retained info, which is its own.
  const { mqtt, received } = await connectClient(url);
  await mqtt.subscribeAsync('P/#', { qos: 1 });
  await until(() => received.some(({ topic }) => topic.endsWith('/info')));
  const { mqtt: lateClient } = await connectClient(url, { clientId: 'late' });
  await lateClient.publishAsync('P/worker/main/info', JSON.stringify(info('first-host', 'first-instance')), {
    qos: 1,
    retain: true,
  });
  second.link.publish(infoAddress, info('second-host', 'second-instance'));
  await until(() => first.link.state.message.includes('second-host'));
  expect(first.states.map(({ message }) => message).join('\n')).not.toContain('first-host');
});

test('an event that was in flight when the link was replaced is not sent after it returns', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    const isEvent = packet.type === types.publish && readPublish(packet, 5).topic === eventTopic;
    if (isEvent && peer === broker.peers[0]) peer.send(0xe0, 1, 0x8e);
    else polite(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url, hurried);
  link.start();
  await untilState('connected');
  link.publish(eventAddress, event(1));
  await untilState('standby');
  await untilState('connected');
  expect(await link.publishNow(pressAddress, { id: 'a' })).toBe('acknowledged');
  expect(broker.published().filter(({ topic }) => topic === eventTopic)).toHaveLength(1);
});

test('a link that stands by takes over if a restarted broker knows no other link', async () => {
  const { broker, url, port } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  await until(() => first.lines.join('').includes('second-instance'));
  // Broker and other link disappear at once, and the broker loses its retained messages.
  await Promise.all([broker.stop(), second.link.stop()]);
  await startBroker({ port });
  await first.until('connected');
});

test('a link that stands by and cannot reach the broker says so and keeps trying', async () => {
  const { broker, url } = await startBroker();
  const { first } = await twoUnderOneId(url);
  await broker.stop();
  const timesReported = () =>
    first.lines.filter((line) => line.includes('standing by: the broker at')).length;
  await until(() => timesReported() >= 3);
  expect(first.link.state.state).toBe('standby');
});

const brokersWithoutReason = {
  // Mosquitto closes a clean session that is taken over without a DISCONNECT.
  'Mosquitto 2.0.11': () => startMosquitto(['allow_anonymous true']),
  // MQTT 3.1.1 has no such reason code.
  'a broker of 3.1.1': async () => {
    const { url } = await startBroker();
    const relay = await only311(url);
    onTestFinished(() => relay.stop());
    return relay;
  },
};

for (const [name, start] of Object.entries(brokersWithoutReason))
  test.skipIf(name.startsWith('Mosquitto') && !hasMosquittoBroker)(
    `without a reason from ${name}, a replaced link does not fight either, and returns when the other link leaves (skipped without Mosquitto)`,
    async () => {
      const { url } = await start();
      const { first, second } = await twoUnderOneId(url);
      await until(() => first.link.state.message.includes('second-host'));
      for (const id of ['a', 'b'])
        expect(await second.link.publishNow(pressAddress, { id })).toBe('acknowledged');
      expect(second.states.filter(({ state: now }) => now === 'connected')).toHaveLength(1);
      expect(second.link.state.state).toBe('connected');
      expect(first.link.state.state).toBe('standby');
      await second.link.stop();
      await first.until('connected');
    },
  );

test('of two links that connect at the same moment, one stays and one stands by', async () => {
  const { url } = await startBroker();
  const relay = await only311(url);
  onTestFinished(() => relay.stop());
  const links = ['one', 'two'].map((host) => {
    // Each link reconnects so fast that the other has not named itself.
    const link = testLink(relay.url, { ...hurried, reconnect: { minMs: 1, maxMs: 1 } });
    link.link.publish(infoAddress, info(host, host));
    link.link.start();
    return link;
  });
  const now = () => links.map(({ link }) => link.state.state).toSorted();
  await until(() => now().join(' ') === 'connected standby');
});

test('a link whose connection broke reconnects as usual if there is no other link', async () => {
  const { broker, url, port } = await startBroker();
  const { link, until: untilState } = testLink(url, hurried);
  link.publish(infoAddress, info('only-host', 'only-instance'));
  link.start();
  await untilState('connected');
  await broker.stop();
  await untilState('connecting');
  await startBroker({ port });
  await untilState('connected');
  expect(await link.publishNow(pressAddress, { id: 'a' })).toBe('acknowledged');
});

test('a link that the broker does not let probe reconnects nevertheless', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.connect && packet.body.toString().includes('-standby-'))
      peer.send(0x20, 3, 0, 0x85, 0);
    else polite(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url);
  link.publish(infoAddress, info('only-host', 'only-instance'));
  link.start();
  await untilState('connected');
  broker.peers[0]?.socket.destroy();
  await until(() => broker.peers.length === 3);
  await untilState('connected');
});

test('a link can be stopped while it probes', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.connect && packet.body.toString().includes('-standby-')) return;
    polite(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url);
  link.publish(infoAddress, info('only-host', 'only-instance'));
  link.start();
  await untilState('connected');
  broker.peers[0]?.socket.destroy();
  await until(() => broker.peers[1]?.packets.length === 1);
  await link.stop();
  await until(() => broker.peers[1]?.closed === true);
  expect(broker.peers).toHaveLength(2);
});
