// State of one topic, on a broker that has stored thousands of other messages for us.
import { expect, test } from 'vitest';
import { buttonState } from '../../../messages/button.ts';
import { app } from '../../../messages/drift.ts';
import { connectClient } from '../../broker/brokers.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createSharedStates } from '../../../service/link/shared.ts';
import { silentLog } from '../../../service/log.ts';
import { startMosquitto } from '../mosquitto.ts';
import { state, stateAddress, stateTopic, testLink } from '../arrange.ts';

test('stored state is read, and before all less important messages', async () => {
  const { url } = await startMosquitto(['allow_anonymous true']);
  const { mqtt } = await connectClient(url);
  const text = JSON.stringify({ name: 'x'.repeat(1_000) });
  for (let index = 0; index < 4_000; index += 1)
    await mqtt.publishAsync(`P/app/argocd/app-${index}`, text, { qos: 0, retain: true });
  await mqtt.publishAsync(stateTopic, JSON.stringify(state(5)), { qos: 1, retain: true });

  const heard: (number | string | undefined)[] = [];
  const { link } = testLink(url);
  link.subscribeRaw(app.filter(), () => void heard.push('app'), { noLocal: true });
  link.share(stateAddress, buttonState.filter({ button: 'main' }), (stored) => {
    heard.push(stored?.ok === true ? stored.value.presses : undefined);
    return undefined;
  });
  link.start();
  await expect.poll(() => link.state.state).toBe('connected');
  expect(await link.whenRead()).toBe(true);
  expect(heard[0]).toBe(5);
});

/** On a hand-moved clock, after the broker's answer to the subscription; nothing is retained at its topic. */
async function waiting() {
  const clock = createFakeClock();
  const shared = createSharedStates({ clock, log: silentLog(), send: () => {} });
  const heard: unknown[] = [];
  shared.add('P/state', (stored) => void heard.push(stored));
  shared.opened(Promise.resolve());
  await Promise.resolve();
  const arriving = (forMs: number) => {
    for (let left = forMs; left > 0; left -= 400) {
      shared.arrived();
      clock.advance(Math.min(400, left));
    }
  };
  return { clock, heard, arriving };
}

test('its absence is not reported while stored messages still arrive', async () => {
  const { clock, heard, arriving } = await waiting();
  arriving(4_000);
  clock.advance(99);
  expect(heard).toEqual([]);
  clock.advance(1);
  expect(heard).toEqual([undefined]);
});

test('its absence is reported in the end, even if messages that look stored never cease', async () => {
  const { heard, arriving } = await waiting();
  arriving(14_999);
  expect(heard).toEqual([]);
  arriving(1);
  expect(heard).toEqual([undefined]);
});
