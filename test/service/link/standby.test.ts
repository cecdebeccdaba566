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

/** Real time, hurried. Not more: Mosquitto leaves Nagle's algorithm on, so its second packet may take 40 ms. */
const hurried = { clock: hurriedClock(5), reconnect: { minMs: 500, maxMs: 1_000 } };

/** Two links with one id; the second one connected last. */
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

test('a link that is replaced stands by, names the other, and does not fight', async () => {
  const { url } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  await until(() => first.link.state.message.includes('second-host'));
  expect(first.link.state.message).toBe(
    'standing by: P-worker-main is already connected from second-host (instance second-instance); give one of the two processes another id, or stop one of them',
  );
  // Three presses through the other link: nothing has disconnected it meanwhile.
  for (const id of ['a', 'b', 'c'])
    expect(await second.link.publishNow(pressAddress, { id })).toBe('acknowledged');
  expect(second.states.map(({ state: now }) => now)).toEqual(['connecting', 'connected']);
  expect(first.link.state.state).toBe('standby');
  expect(first.states.map(({ message }) => message).join('\n')).not.toContain('first-host');
});

test('a stand-by sends and receives nothing of its own', async () => {
  const { url } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  const received: unknown[] = [];
  first.link.subscribe(buttonEvent.filter(), (message) => received.push(message));
  const { mqtt, received: seen } = await connectClient(url);
  await mqtt.subscribeAsync(['P/button/+/event', stateTopic], { qos: 1 });
  first.link.publish(stateAddress, state(1));
  first.link.publish(eventAddress, event(1));
  expect(await first.link.publishNow(pressAddress, { id: 'a' })).toBe('not-connected');
  second.link.publish(eventAddress, event(2));
  await until(() => seen.length > 0);
  expect(numbers(payloads(seen))).toEqual([2]);
  expect(received).toEqual([]);
});

test('a stand-by comes back when the other disconnects in order, with its subscriptions and its state', async () => {
  const { url } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  const received: unknown[] = [];
  first.link.subscribe(buttonState.filter({ button: 'other' }), (message) => received.push(message?.presses));
  first.link.publish(stateAddress, state(1));
  await second.link.stop();
  await first.until('connected');
  await first.link.subscribed();
  const { mqtt, received: seen } = await connectClient(url);
  await mqtt.subscribeAsync([availabilityTopic, stateTopic], { qos: 1 });
  await until(() => seen.length >= 2 && payloads(seen).includes('online'));
  await mqtt.publishAsync('P/button/other/state', JSON.stringify(state(4)), { qos: 1 });
  await until(() => received.length === 1);
});

/** A hurried clock that knows the timers of a take-over: 3 to 7 s, which no other timer lasts. */
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
  // A late will, three times; the other link corrects it at once.
  for (let time = 0; time < 3; time += 1) {
    const before = counting.begun();
    await mqtt.publishAsync(availabilityTopic, 'offline', { qos: 1, retain: true });
    await until(() => counting.begun() > before && counting.running() === 0);
  }
  expect([first.link.state.state, second.link.state.state]).toEqual(['standby', 'connected']);
});

test("the retained info of the replaced link is not mistaken for the other's", async () => {
  const { url } = await startBroker();
  const first = testLink(url, hurried);
  first.link.publish(infoAddress, info('first-host', 'first-instance'));
  first.link.start();
  await first.until('connected');
  const second = testLink(url, hurried);
  second.link.start();
  await first.until('standby');
  // The stand-by sees it before the other link has named itself: the reader first gets what is retained, which is ours.
  const { mqtt, received } = await connectClient(url);
  await mqtt.subscribeAsync('P/#', { qos: 1 });
  await until(() => received.some(({ topic }) => topic.endsWith('/info')));
  const { mqtt: late } = await connectClient(url, { clientId: 'late' });
  await late.publishAsync('P/worker/main/info', JSON.stringify(info('first-host', 'first-instance')), {
    qos: 1,
    retain: true,
  });
  second.link.publish(infoAddress, info('second-host', 'second-instance'));
  await until(() => first.link.state.message.includes('second-host'));
  expect(first.states.map(({ message }) => message).join('\n')).not.toContain('first-host');
});

test('an event that was in flight when the link was replaced is not sent after it comes back', async () => {
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

test('a stand-by takes over if a restarted broker knows no other link', async () => {
  const { broker, url, port } = await startBroker();
  const { first, second } = await twoUnderOneId(url);
  await until(() => first.lines.join('').includes('second-instance'));
  // Both disappear at once, and the broker loses its retained messages.
  await Promise.all([broker.stop(), second.link.stop()]);
  await startBroker({ port });
  await first.until('connected');
});

test('a stand-by that cannot reach the broker says so and keeps trying', async () => {
  const { broker, url } = await startBroker();
  const { first } = await twoUnderOneId(url);
  await broker.stop();
  const lost = () => first.lines.filter((line) => line.includes('standing by: the broker at')).length;
  await until(() => lost() >= 3);
  expect(first.link.state.state).toBe('standby');
});

const withoutAWord = {
  // It closes a clean session that is taken over without a DISCONNECT.
  'Mosquitto 2.0.11': () => startMosquitto(['allow_anonymous true']),
  // 3.1.1 has no such reason code.
  'a broker of 3.1.1': async () => {
    const { url } = await startBroker();
    const relay = await only311(url);
    onTestFinished(() => relay.stop());
    return relay;
  },
};

test.each(Object.entries(withoutAWord))(
  'without a reason from the broker (%s) there is no fight either, and the first comes back when the other leaves',
  async (name, start) => {
    if (name.startsWith('Mosquitto') && !hasMosquittoBroker) return;
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
  const both = ['one', 'two'].map((host) => {
    // So fast that each one is back before the other has named itself.
    const made = testLink(relay.url, { ...hurried, reconnect: { minMs: 1, maxMs: 1 } });
    made.link.publish(infoAddress, info(host, host));
    made.link.start();
    return made;
  });
  const now = () => both.map(({ link }) => link.state.state).toSorted();
  await until(() => now().join(' ') === 'connected standby');
});

test('a connection that broke without another link comes back as before', async () => {
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

test('a broker that refuses the probe does not keep the link out', async () => {
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
