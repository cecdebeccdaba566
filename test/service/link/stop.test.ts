import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../broker/brokers.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import {
  availabilityTopic,
  connectedLink,
  event,
  eventAddress,
  eventTopic,
  info,
  infoAddress,
  state,
  stateAddress,
  testLink,
  until,
} from '../arrange.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { polite, readPublish, startFakeBroker, types } from '../fake-broker.ts';
import { freePort } from '../../support/ports.ts';

test('a link can be stopped before it was started, also twice', async () => {
  const { link } = testLink('mqtt://127.0.0.1:1');
  await link.stop();
  await link.stop();
  expect(link.state.state).toBe('stopped');
});

test('a link can be stopped while it waits for its next try', async () => {
  const port = await freePort();
  const { link, states } = testLink(`mqtt://127.0.0.1:${port}`, {
    reconnect: { minMs: 600_000, maxMs: 600_000 },
  });
  link.start();
  await until(() => states.length === 2);
  await link.stop();
  expect(link.state.state).toBe('stopped');
});

test('a link can be stopped while it connects to a silent server, and right after its start', async () => {
  const broker = await startFakeBroker(() => {});
  const { link } = testLink(broker.url);
  link.start();
  await until(() => broker.peers[0]?.packets.length === 1);
  await link.stop();
  await until(() => broker.peers[0]?.closed === true);
  link.start();
  await link.stop();
  expect(link.state.state).toBe('stopped');
});

test('all calls of stop wait for the same end, and a start before that is refused', async () => {
  const { url } = await startBroker();
  const { link } = await connectedLink(url);
  const first = link.stop();
  expect(() => link.start()).toThrow('await stop() before start()');
  await link.stop();
  expect(link.state.state).toBe('stopped');
  await first;
});

test('messages from before a stop are sent, then `offline`, then the DISCONNECT', async () => {
  const broker = await startFakeBroker(polite);
  const { link } = await connectedLink(broker.url);
  for (let number = 0; number < 300; number += 1) link.publish(eventAddress, event(number));
  await link.stop();
  const published = broker.published().map(({ topic, payload }) => [topic, payload]);
  expect(published).toHaveLength(302);
  expect(published.at(-1)).toEqual([availabilityTopic, 'offline']);
  expect(broker.peers[0]?.packets.at(-1)?.type).toBe(types.disconnect);
});

test('if `offline` is not acknowledged there is no DISCONNECT, so that the broker publishes the last will', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.publish && readPublish(packet, 5).payload === 'offline') return;
    polite(packet, peer);
  });
  const { link } = await connectedLink(broker.url, { clock: hurriedClock(10) });
  await link.stop();
  await until(() => broker.peers[0]?.closed === true);
  expect(broker.peers[0]?.packets.map(({ type }) => type)).not.toContain(types.disconnect);
});

test('a broker that acknowledges nothing does not delay the stop', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type !== types.publish) polite(packet, peer);
  });
  const { link } = await connectedLink(broker.url, { clock: hurriedClock(5) });
  for (let number = 0; number < 300; number += 1) link.publish(stateAddress, state(number));
  const pending = link.publishAcknowledged(eventAddress, event(1), 600_000);
  await link.stop();
  expect(await pending).toBe(false);
  await until(() => broker.peers[0]?.closed === true);
});

test('if `offline` could not be written there is no DISCONNECT, even if acknowledgements come late', async () => {
  let isHolding = true;
  const acknowledgements: (() => void)[] = [];
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type === types.publish && isHolding) acknowledgements.push(() => polite(packet, peer));
    else polite(packet, peer);
  });
  const clock = createFakeClock();
  const { link } = await connectedLink(broker.url, { clock });
  for (let number = 0; number < 300; number += 1) link.publish(stateAddress, state(number));
  await until(() => acknowledgements.length === 100);
  const stopping = link.stop();
  clock.advance(1_500);
  isHolding = false;
  acknowledgements.forEach((acknowledge) => acknowledge());
  await stopping;
  await until(() => broker.peers[0]?.closed === true);
  expect(broker.peers[0]?.packets.map(({ type }) => type)).not.toContain(types.disconnect);
  expect(clock.pendingTimers()).toBe(0);
});

test('no timer is left after a stop', async () => {
  const broker = await startFakeBroker(polite);
  const clock = createFakeClock();
  const { link } = await connectedLink(broker.url, { clock });
  expect(await link.publishNow(eventAddress, event(1))).toBe('acknowledged');
  await link.stop();
  expect(clock.pendingTimers()).toBe(0);
});

test('a broker that does not close after the DISCONNECT does not delay the stop', async () => {
  const broker = await startFakeBroker((packet, peer) => {
    if (packet.type !== types.disconnect) polite(packet, peer);
  });
  const { link } = await connectedLink(broker.url);
  await link.stop();
  expect(link.state.state).toBe('stopped');
});

test('a link that stands by can be stopped, and closes its connection', async () => {
  const { url } = await startBroker();
  const clock = hurriedClock(20);
  const first = testLink(url, { clock });
  first.link.start();
  await first.until('connected');
  const second = testLink(url, { clock });
  second.link.publish(infoAddress, info('second-host', 'second-instance'));
  second.link.start();
  await until(() => first.link.state.message.includes('second-host'));
  await first.link.stop();
  expect(first.link.state.state).toBe('stopped');
  await second.link.stop();
  expect(first.states.at(-1)?.state).toBe('stopped');
});

test('after a stop nothing is sent and no handler is called', async () => {
  const broker = await startFakeBroker(polite);
  const { link, states } = await connectedLink(broker.url);
  await link.stop();
  const [sentBefore, statesBefore] = [broker.published().length, states.length];
  link.publish(eventAddress, event(1));
  expect(await link.publishNow(eventAddress, event(2))).toBe('not-connected');
  expect(broker.published()).toHaveLength(sentBefore);
  expect(states).toHaveLength(statesBefore);
  expect(broker.published().map(({ topic }) => topic)).not.toContain(eventTopic);
});

/** Resolves to the output and the exit code of a process that starts, stops, and must end by itself. */
async function leave(url: string): Promise<{ output: string; code: number | null }> {
  const child = spawn(
    process.execPath,
    [new URL('../link.child.mjs', import.meta.url).pathname, 'leave', url],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { output, code };
}

test('a process ends by itself after link and health server have stopped', async () => {
  const { url } = await startBroker();
  expect(await leave(url)).toEqual({ output: 'stopped\n', code: 0 });
});

test('a process ends by itself if its broker never ran', async () => {
  expect(await leave(`mqtt://127.0.0.1:${await freePort()}`)).toEqual({ output: 'stopped\n', code: 0 });
});

test('a process ends by itself if its broker has never answered, or acknowledged nothing', async () => {
  const silent = await startFakeBroker(() => {});
  expect(await leave(silent.url)).toEqual({ output: 'stopped\n', code: 0 });
  const unwilling = await startFakeBroker((packet, peer) => {
    if (packet.type !== types.publish && packet.type !== types.subscribe) polite(packet, peer);
  });
  expect(await leave(unwilling.url)).toEqual({ output: 'stopped\n', code: 0 });
});
