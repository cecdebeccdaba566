// A line that does not settle: how the agent reports it, and that presses on it still count.
import { describe, expect, test } from 'vitest';
import { arrangeReady, buttonLine, pressesOf, type Arrangement } from './arrange.ts';

async function noisy(arrangement: Arrangement) {
  const agentOnPins = await arrangeReady(arrangement);
  const { clock, driver, fake } = agentOnPins;
  let held = false;
  /** Makes spikes of 1 ms at 100 Hz. */
  const spikes = (forMs: number, line = buttonLine) => {
    for (let ms = 0; ms < forMs; ms += 10) {
      clock.advance(9);
      driver.setPressed(line, !held);
      clock.advance(1);
      driver.setPressed(line, held);
    }
  };
  const hold = (pressed: boolean) => {
    held = pressed;
    driver.setPressed(buttonLine, pressed);
  };
  const state = () => fake.state.get('button/main/state');
  const light = () => fake.state.get('led/main/state');
  return { ...agentOnPins, spikes, hold, state, light };
}

for (const edges of [true, false])
  describe(`with a driver ${edges ? 'with edges' : 'that samples'}, a noisy line`, () => {
    test('is a fault on its topic, in health and at the light until it has been quiet', async () => {
      const { clock, spikes, state, light, health } = await noisy({ edges });
      // A driver that samples every 5 ms sees only a part of the spikes.
      spikes(60_000);
      expect(state()).toMatchObject({ fault: expect.stringMatching(/^line 17 .*wire/) });
      expect(light()).toMatchObject({ pattern: 'triple-blink', because: 'fault' });
      expect(health.report()).toMatchObject({
        status: 'degraded',
        checks: {
          'line of button main': { ok: false, message: expect.stringMatching(/^button main: line 17 /) },
          'button main': { ok: true },
        },
      });
      clock.advance(75_000);
      expect(state()).not.toHaveProperty('fault');
      expect(light()).toMatchObject({ because: 'signal', signal: 'drifted' });
      expect(health.report().status).toBe('ok');
    });

    test('causes no presses, and hides none', async () => {
      const { spikes, hold, fake, clock } = await noisy({ edges });
      spikes(5000);
      expect(pressesOf(fake)).toEqual([]);
      for (let count = 1; count <= 10; count += 1) {
        hold(true);
        spikes(300);
        hold(false);
        spikes(400);
        expect(pressesOf(fake)).toHaveLength(count);
      }
      clock.advance(1000);
      expect(pressesOf(fake)).toHaveLength(10);
    });
  });

test('a noisy key switch is a fault at the light of its button', async () => {
  const { spikes, light, health } = await noisy({ config: { keySwitches: [{}] } });
  spikes(4000, 22);
  expect(light()).toMatchObject({ pattern: 'triple-blink', because: 'fault' });
  expect(health.report().checks['line of key switch main']).toMatchObject({ ok: false });
});

test('a button released just before the time of a hold was not held, although its release counts later', async () => {
  for (const edges of [true, false]) {
    const { clock, driver, fake } = await arrangeReady({
      edges,
      config: { buttons: [{ gestures: ['press', 'hold'] }] },
    });
    driver.press(buttonLine, 980);
    clock.advance(2000);
    expect(pressesOf(fake).map(({ message }) => message)).toMatchObject([{ gesture: 'press' }]);
    driver.press(buttonLine, 1020);
    clock.advance(2000);
    expect(pressesOf(fake).map(({ message }) => message)).toMatchObject([
      { gesture: 'press' },
      { gesture: 'hold' },
    ]);
  }
});

test('two presses 80 ms apart are a double press, and two bounces 80 ms apart are one press', async () => {
  for (const edges of [true, false]) {
    const double = await arrangeReady({ edges, config: { buttons: [{ gestures: ['press', 'double'] }] } });
    double.driver.press(buttonLine, 60);
    double.clock.advance(140);
    double.driver.press(buttonLine, 60);
    double.clock.advance(1000);
    expect(pressesOf(double.fake).map(({ message }) => message)).toMatchObject([{ gesture: 'double' }]);

    const single = await arrangeReady({ edges });
    single.driver.press(buttonLine, 60);
    single.clock.advance(140);
    single.driver.press(buttonLine, 60);
    single.clock.advance(1000);
    expect(pressesOf(single.fake)).toHaveLength(1);
  }
});
