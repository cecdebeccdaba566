import { describe, expect, test } from 'vitest';
import { HardwareError } from '../../gpio-agent/drivers/driver.ts';
import { arrange, arrangeReady, buttonLine, ledLine, pressesOf, promisesRun } from './arrange.ts';

describe('a press', () => {
  test('inverts the light for 50 ms before the press reaches the network', async () => {
    const { clock, driver, fake } = await arrangeReady();
    fake.holdsBack = true;
    expect(driver.isLit(ledLine)).toBe(true);
    driver.setPressed(buttonLine, true);
    clock.advance(29);
    expect(driver.isLit(ledLine)).toBe(true);
    clock.advance(1);
    expect(driver.isLit(ledLine)).toBe(false);
    expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'off', because: 'acknowledge' });
    clock.advance(50);
    expect(driver.isLit(ledLine)).toBe(true);
    expect(fake.state.get('led/main/state')).toMatchObject({
      pattern: 'on',
      because: 'signal',
      signal: 'drifted',
    });
  });

  for (const edges of [true, false])
    test(`with a driver ${edges ? 'with edges' : 'that samples'} is sent once, at its settled edge`, async () => {
      const { clock, driver, fake } = await arrangeReady({ edges });
      driver.setPressed(buttonLine, true);
      clock.advance(36);
      expect(pressesOf(fake)).toHaveLength(1);
      clock.advance(500);
      driver.setPressed(buttonLine, false);
      clock.advance(5000);
      expect(pressesOf(fake)).toHaveLength(1);
    });

  for (const edges of [true, false])
    test(`shorter than the debounce time does not count with a driver ${edges ? 'with edges' : 'that samples'}`, async () => {
      const { clock, driver, fake } = await arrangeReady({ edges });
      for (let index = 0; index < 20; index += 1) {
        driver.setPressed(buttonLine, true);
        clock.advance(29);
        driver.setPressed(buttonLine, false);
        clock.advance(50 + index);
      }
      expect(fake.sentNow).toEqual([]);
      expect(fake.state.get('button/main/state')).toMatchObject({ presses: 0, pressed: false });
    });

  test('says who pressed what, how and when, and the event says the same', async () => {
    const { clock, driver, fake } = await arrangeReady({
      config: { id: 'desk', buttons: [{ gestures: ['press', 'hold'] }] },
    });
    driver.press(buttonLine, 200);
    clock.advance(300);
    // The finger holds for 200 ms and debounceMs. The release counts 100 ms later, but the duration is that of the
    // finger.
    const at = '2026-01-01T00:00:00.330Z';
    const id: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(fake.sentNow).toEqual([
      {
        topic: 'button/main/press',
        message: {
          id,
          gesture: 'press',
          heldMs: 200,
          source: 'gpio',
          agent: 'desk',
          at,
        },
      },
      { topic: 'button/main/event', message: { event_type: 'press', heldMs: 200, at } },
    ]);
  });

  for (const state of [false, 'unknown'] as const)
    test(`has no time while it is ${state === false ? 'known' : 'not known'} that the clock is ${state === false ? 'wrong' : 'right'}`, async () => {
      const { clock, driver, fake } = await arrangeReady({ clockSynchronised: () => state });
      driver.press(buttonLine);
      clock.advance(200);
      expect(fake.sentNow).toHaveLength(2);
      for (const { message } of fake.sentNow) expect(message).not.toHaveProperty('at');
      expect(fake.state.get('button/main/state')).not.toHaveProperty('lastPressAt');
    });

  test('of a button that is held at the start is sent only after a release', async () => {
    const { start, clock, driver, fake } = arrange();
    driver.setPressed(buttonLine, true);
    await start();
    fake.connect();
    clock.advance(2000);
    expect(fake.state.get('button/main/state')).toMatchObject({ pressed: true, presses: 0 });
    driver.setPressed(buttonLine, false);
    clock.advance(100);
    expect(pressesOf(fake)).toEqual([]);
    driver.press(buttonLine);
    clock.advance(100);
    expect(pressesOf(fake)).toHaveLength(1);
  });

  test('with the gesture hold flashes at the press, and again when the hold is decided', async () => {
    const { clock, driver, fake } = await arrangeReady({
      config: { buttons: [{ gestures: ['press', 'hold'] }] },
    });
    driver.setPressed(buttonLine, true);
    clock.advance(30);
    expect(driver.isLit(ledLine)).toBe(false);
    clock.advance(100);
    expect(driver.isLit(ledLine)).toBe(true);
    expect(fake.sentNow).toEqual([]);
    clock.advance(900);
    expect(driver.isLit(ledLine)).toBe(false);
    expect(pressesOf(fake)[0]?.message).toMatchObject({ gesture: 'hold', heldMs: 1000 });
  });

  test('does not repeat a pattern that is shown once', async () => {
    const { clock, driver, signal } = await arrangeReady();
    signal('succeeded');
    clock.advance(2000);
    expect(driver.isLit(ledLine)).toBe(false);
    driver.press(buttonLine);
    clock.advance(30);
    expect(driver.isLit(ledLine)).toBe(true);
    clock.advance(50);
    expect(driver.isLit(ledLine)).toBe(false);
  });

  test('is counted, also by its gesture', async () => {
    const { clock, driver, fake, metrics } = await arrangeReady();
    for (let index = 0; index < 3; index += 1) {
      driver.press(buttonLine);
      clock.advance(1000);
    }
    expect(fake.state.get('button/main/state')).toMatchObject({
      agent: 'main',
      pressed: false,
      stuck: false,
      presses: 3,
      droppedPresses: 0,
    });
    expect(await metrics.metrics()).toContain(
      'release_button_agent_presses_total{button="main",gesture="press"} 3',
    );
  });
});

describe('the life of an agent', () => {
  test('publishes its info at the start and every minute', async () => {
    const { start, clock, fake } = arrange({ config: { buttons: [{ title: 'Release' }] } });
    await start();
    clock.advance(60_000);
    const infos = fake.states.filter(({ topic }) => topic === 'agent/main/info');
    expect(infos.map(({ message }) => message)).toEqual(
      ['2026-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z'].map((at) => ({
        agent: 'main',
        version: '0.0.0',
        host: 'pi',
        instance: 'one',
        clock: { synchronised: true },
        simulated: true,
        at,
        driver: 'simulated',
        buttons: [{ id: 'main', title: 'Release', gestures: ['press'], holdMs: 1000 }],
        leds: [{ id: 'main', follows: 'main' }],
        unseen: { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 0 },
      })),
    );
  });

  test('a stop at any moment leaves LEDs off and no timer, and is published; a second stop does nothing', async () => {
    const { agent, clock, driver, fake } = await arrangeReady({ edges: false });
    driver.press(buttonLine, 60);
    clock.advance(100);
    await promisesRun();
    driver.setPressed(buttonLine, true);
    clock.advance(10);
    expect(clock.pendingTimers()).toBeGreaterThan(0);
    await agent.stop();
    await agent.stop();
    expect(driver.isLit(ledLine)).toBe(false);
    expect(clock.pendingTimers()).toBe(0);
    expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'off', because: 'offline' });
  });

  test('has started when its buttons have settled, and from then on a press counts', async () => {
    const { agent, clock, driver, fake } = arrange();
    const started = agent.start().then(() => driver.press(buttonLine));
    fake.connect();
    clock.advance(29);
    await promisesRun();
    expect(clock.monotonic()).toBe(29);
    expect(driver.isLit(ledLine)).toBe(true);
    clock.advance(1);
    await started;
    clock.advance(200);
    expect(pressesOf(fake)).toHaveLength(1);
  });

  test('starts even with a line that never settles, and even then it can be stopped', async () => {
    const noisy = arrange();
    const started = noisy.agent.start();
    for (let ms = 0; ms < 2000; ms += 10) {
      noisy.driver.setPressed(buttonLine, ms % 20 === 0);
      noisy.clock.advance(10);
    }
    await started;
    const stopped = arrange();
    const starting = stopped.agent.start();
    await stopped.agent.stop();
    await starting;
    expect(stopped.clock.pendingTimers()).toBe(0);
  });

  test('can be started again', async () => {
    const { agent, start, clock, driver, fake } = await arrangeReady();
    await agent.stop();
    await start();
    clock.advance(100);
    driver.press(buttonLine);
    clock.advance(200);
    expect(pressesOf(fake)).toHaveLength(1);
    expect(driver.isLit(ledLine)).toBe(true);
    await agent.stop();
    expect(clock.pendingTimers()).toBe(0);
  });

  test('does not start if a line cannot be opened, and leaves no line open', async () => {
    const { agent, start, clock, driver } = arrange();
    driver.fail(buttonLine, 'no such line');
    await expect(agent.start()).rejects.toThrow(HardwareError);
    expect(clock.pendingTimers()).toBe(0);
    driver.fail(buttonLine, undefined);
    await start();
    await agent.stop();
  });
});
