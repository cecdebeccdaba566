// The agent's metrics of buttons and lights, on simulated pins and a clock that the test moves.
import { expect, test } from 'vitest';
import { scrape } from '../support/metrics.ts';
import { arrange, arrangeReady, buttonLine, promisesRun } from './arrange.ts';

test('all counters of a configured button are 0 before anything happens', async () => {
  const { metrics } = arrange({ config: { buttons: [{ id: 'main', gestures: ['press', 'hold'] }] } });
  const counters = [...(await scrape(metrics))].filter(([key]) => key.includes('_total'));
  expect(counters.map(([, value]) => value)).toEqual(counters.map(() => 0));
  expect(counters.map(([key]) => key)).toEqual(
    expect.arrayContaining([
      'release_button_agent_presses_total{button="main",gesture="press"}',
      'release_button_agent_presses_total{button="main",gesture="hold"}',
      'release_button_agent_dropped_presses_total{button="main",reason="timed-out"}',
      'release_button_agent_unanswered_presses_total{button="main"}',
      'release_button_agent_bounces_total{button="main"}',
    ]),
  );
});

test('a light is offline until a worker vouches for it, and again when the worker is away', async () => {
  const { clock, driver, fake, metrics, signal, start, worker } = arrange();
  const offline = async () => (await scrape(metrics)).get('release_button_agent_light_offline{led="main"}');
  expect(await offline()).toBe(1);
  await start();
  fake.connect();
  expect(await offline()).toBe(1);
  worker('online');
  signal('drifted');
  expect(await offline()).toBe(0);
  worker('offline');
  driver.press(buttonLine);
  clock.advance(200);
  expect(await offline()).toBe(1);
  worker('online');
  expect(await offline()).toBe(0);
  fake.disconnect();
  expect(await offline()).toBe(1);
});

test('a button that is held too long is stuck until it is released', async () => {
  const { clock, driver, metrics } = await arrangeReady();
  const stuck = async () => (await scrape(metrics)).get('release_button_agent_button_stuck{button="main"}');
  driver.setPressed(buttonLine, true);
  clock.advance(20_000);
  expect(await stuck()).toBe(0);
  clock.advance(15_000);
  expect(await stuck()).toBe(1);
  driver.setPressed(buttonLine, false);
  clock.advance(100);
  expect(await stuck()).toBe(0);
});

test('a press that could not be handed to the link is dropped for one reason, whatever the error says', async () => {
  const { clock, driver, fake, metrics } = await arrangeReady();
  const before = await scrape(metrics);
  fake.throws = new Error('the broker at mqtt://10.0.0.7 said something long and new');
  driver.press(buttonLine);
  clock.advance(200);
  await promisesRun();
  const after = await scrape(metrics);
  expect(after.get('release_button_agent_dropped_presses_total{button="main",reason="error"}')).toBe(1);
  expect([...after.keys()]).toEqual([...before.keys()]);
});
