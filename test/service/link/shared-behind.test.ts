// A shared state, while the broker sends thousands of other retained messages.
import { expect, test } from 'vitest';
import { buttonState } from '../../../messages/button.ts';
import { app } from '../../../messages/drift.ts';
import { connectClient } from '../../broker/brokers.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createSharedStates } from '../../../service/link/shared.ts';
import { silentLog } from '../../../service/log.ts';
import { startMosquitto } from '../mosquitto.ts';
import { state, stateAddress, stateTopic, testLink } from '../arrange.ts';

test('a retained state is read before all messages that matter less', async () => {
  const { url } = await startMosquitto(['allow_anonymous true']);
  const { mqtt } = await connectClient(url);
  const text = JSON.stringify({ name: 'x'.repeat(1_000) });
  for (let index = 0; index < 4_000; index += 1)
    await mqtt.publishAsync(`P/app/argocd/app-${index}`, text, { qos: 0, retain: true });
  await mqtt.publishAsync(stateTopic, JSON.stringify(state(5)), { qos: 1, retain: true });

  const received: (number | string | undefined)[] = [];
  const { link } = testLink(url);
  link.subscribeRaw(app.filter(), () => void received.push('app'), { noLocal: true });
  link.share(stateAddress, buttonState.filter({ button: 'main' }), (stored) => {
    received.push(stored?.ok === true ? stored.value.presses : undefined);
    return undefined;
  });
  link.start();
  await expect.poll(() => link.state.state).toBe('connected');
  expect(await link.whenRead()).toBe(true);
  expect(received[0]).toBe(5);
});

/**
 * Begins after the broker has answered the subscription. No message is retained at its topic. The clock is moved by hand.
 */
async function afterSubscription() {
  const clock = createFakeClock();
  const shared = createSharedStates({ clock, log: silentLog(), send: () => {} });
  const reported: unknown[] = [];
  shared.add('P/state', (stored) => void reported.push(stored));
  shared.opened(Promise.resolve());
  await Promise.resolve();
  const arriving = (forMs: number) => {
    for (let restMs = forMs; restMs > 0; restMs -= 400) {
      shared.arrived();
      clock.advance(Math.min(400, restMs));
    }
  };
  return { clock, reported, arriving };
}

test('the absence of a retained state is not reported while other retained messages still arrive', async () => {
  const { clock, reported, arriving } = await afterSubscription();
  arriving(4_000);
  clock.advance(99);
  expect(reported).toEqual([]);
  clock.advance(1);
  expect(reported).toEqual([undefined]);
});

test('the absence of a retained state is reported in the end, even if messages that look retained never cease', async () => {
  const { reported, arriving } = await afterSubscription();
  arriving(14_999);
  expect(reported).toEqual([]);
  arriving(1);
  expect(reported).toEqual([undefined]);
});
