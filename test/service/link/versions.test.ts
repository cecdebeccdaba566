import { expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../service/clock.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { event, eventAddress, testLink, until } from '../arrange.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { polite, startFakeBroker, types, type Behaviour } from '../fake-broker.ts';

/** A broker of one version. The test sets its answer to the other version. */
const brokerOf =
  (version: number, otherwise: Behaviour): Behaviour =>
  (packet, peer) =>
    (peer.version === version ? polite : otherwise)(packet, peer);

const onConnect =
  (...bytes: number[]): Behaviour =>
  ({ type }, peer) => {
    if (type !== types.connect) return;
    if (bytes.length > 0) peer.send(...bytes);
    peer.socket.end();
  };

test('MQTT 5 is tried first', async () => {
  const broker = await startFakeBroker(polite);
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5]);
  expect(link.state.message).toBe(`connected to ${broker.url} (MQTT 5)`);
});

test.each([
  ['CONNACK 1 in the form of 3.1.1', [0x20, 2, 0, 1]],
  ['CONNACK 1 in the form of MQTT 5', [0x20, 3, 0, 1, 0]],
  ['CONNACK 0x84', [0x20, 3, 0, 0x84, 0]],
])('after %s, 3.1.1 is tried at once', async (_, bytes) => {
  const broker = await startFakeBroker(brokerOf(4, onConnect(...bytes)));
  const {
    link,
    until: untilState,
    states,
  } = testLink(broker.url, {
    reconnect: { minMs: 600_000, maxMs: 600_000 },
  });
  link.start();
  await untilState('connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 4]);
  expect(link.state.message).toContain('(MQTT 3.1.1)');
  expect(states[1]?.message).toContain('next try with MQTT 3.1.1 at once');
  expect(await link.publishNow(eventAddress, event(1))).toBe('acknowledged');
});

test('after two closes without CONNACK in a row, 3.1.1 is tried', async () => {
  const broker = await startFakeBroker(brokerOf(4, onConnect()));
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 5, 4]);
});

test('MQTT 5 is tried again if 3.1.1 gets no answer either', async () => {
  let connects = 0;
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.connect) connects += 1;
    if (connects < 5) onConnect()(packet, peer);
    else polite(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 5, 4, 4, 5]);
});

test('MQTT 5 is tried again if 3.1.1 was tried after silence and is refused with a reason', async () => {
  let connects = 0;
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.connect) connects += 1;
    if (connects < 3) onConnect()(packet, peer);
    else brokerOf(5, onConnect(0x20, 2, 0, 1))(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 5, 4, 5]);
});

test('a broker that has spoken MQTT 5 and is only silent now does not count as old', async () => {
  let connects = 0;
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.connect) connects += 1;
    if (connects > 1 && connects < 6) onConnect()(packet, peer);
    else polite(packet, peer);
  });
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  broker.peers[0]?.socket.destroy();
  await until(() => broker.peers.length === 6 && link.state.state === 'connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 5, 5, 5, 5, 5]);
});

test('a broker that was replaced by an older one is tried with 3.1.1', async () => {
  let older = false;
  const broker = await startFakeBroker((packet, peer) =>
    (older ? brokerOf(4, onConnect(0x20, 2, 0, 1)) : polite)(packet, peer),
  );
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  older = true;
  broker.peers[0]?.socket.destroy();
  await until(() => link.state.message.includes('3.1.1') && link.state.state === 'connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 5, 4]);
});

test('a broker that hangs does not count as old', async () => {
  let connects = 0;
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.connect) connects += 1;
    if (connects > 3) polite(packet, peer);
  });
  const { link, until: untilState, states } = testLink(broker.url, { clock: hurriedClock(200) });
  link.start();
  await untilState('connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 5, 5, 5]);
  expect(states[1]?.message).toContain('did not answer within 10 s: is it an MQTT broker');
});

test('at the next start, MQTT 5 is tried first again', async () => {
  const broker = await startFakeBroker(brokerOf(4, onConnect(0x20, 2, 0, 1)));
  const { link, until: untilState } = testLink(broker.url);
  link.start();
  await untilState('connected');
  await link.stop();
  link.start();
  await untilState('connected');
  expect(broker.peers.map(({ version }) => version)).toEqual([5, 4, 5, 4]);
});

/** Real time without delays. It records the delays that were requested. */
function recordingClock(): { clock: Clock; delays: number[] } {
  const real = systemClock();
  const delays: number[] = [];
  return {
    delays,
    clock: {
      ...real,
      setTimeout: (fn, ms) => {
        // The limit for opening a connection is 10 s. It is not a delay between two tries.
        if (ms === 10_000) return { cancel: () => {} };
        delays.push(ms);
        return real.setTimeout(fn, 0);
      },
    },
  };
}

test('the delays grow with jitter up to a bound, and the tries never end', async () => {
  const broker = await startFakeBroker(onConnect(0x20, 3, 0, 0x88, 0));
  const { clock, delays } = recordingClock();
  const sequence = [0, 0.25, 0.5, 0.75, 1];
  let calls = 0;
  const { link } = testLink(broker.url, {
    clock,
    reconnect: { minMs: 1_000, maxMs: 60_000 },
    random: () => sequence[calls++ % sequence.length] ?? 0,
  });
  link.start();
  await until(() => broker.peers.length >= 40);
  const delaysBeforeStop = [...delays];
  await link.stop();
  expect(delaysBeforeStop.slice(0, 8)).toEqual([800, 1_800, 4_000, 8_800, 19_200, 25_600, 54_000, 60_000]);
  for (const delay of delaysBeforeStop.slice(7)) {
    expect(delay).toBeGreaterThanOrEqual(48_000);
    expect(delay).toBeLessThanOrEqual(72_000);
  }
  expect(broker.peers.every(({ version }) => version === 5)).toBe(true);
});

test('if both versions are refused, most tries still wait', async () => {
  const broker = await startFakeBroker(onConnect(0x20, 2, 0, 1));
  const { clock, delays } = recordingClock();
  const { link } = testLink(broker.url, {
    clock,
    reconnect: { minMs: 1_000, maxMs: 60_000 },
    random: () => 0.5,
  });
  link.start();
  await until(() => delays.length >= 8);
  await link.stop();
  expect(delays.slice(0, 8)).toEqual([0, 2_000, 0, 8_000, 0, 32_000, 0, 60_000]);
});

test('a connection that lasted 5 s resets the delays, and a shorter one does not', async () => {
  const broker = await startFakeBroker(polite);
  const clock = createFakeClock();
  const {
    link,
    states,
    until: untilState,
  } = testLink(broker.url, {
    clock,
    reconnect: { minMs: 1_000, maxMs: 60_000 },
    random: () => 0.5,
  });
  const breakAfter = async (ms: number) => {
    await untilState('connected');
    // Everything is acknowledged, so that only the age of the connection counts.
    expect(await link.publishNow(eventAddress, event(1))).toBe('acknowledged');
    await link.subscribed();
    clock.advance(ms);
    broker.peers.at(-1)?.socket.destroy();
    await untilState('connecting');
    const wait = /next try in (\S+) s/.exec(states.at(-1)?.message ?? '')?.[1];
    clock.advance(Number(wait) * 1_000);
    return wait;
  };
  link.start();
  expect(await breakAfter(1_000)).toBe('1.0');
  expect(await breakAfter(1_000)).toBe('2.0');
  expect(await breakAfter(4_900)).toBe('4.0');
  expect(await breakAfter(5_000)).toBe('1.0');
});
