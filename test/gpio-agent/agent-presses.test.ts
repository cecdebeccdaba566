import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { arrangeReady, buttonLine, ledLine, pressesOf, promisesRun } from './arrange.ts';
import type { FakeLink } from './fake-link.ts';

describe('a press that does not reach the broker', () => {
  test('without a connection is counted, shown on the light, and not sent later', async () => {
    const { clock, driver, fake } = await arrangeReady();
    fake.disconnect();
    driver.press(buttonLine);
    clock.advance(200);
    await promisesRun();
    expect(fake.state.get('button/main/state')).toMatchObject({ presses: 1, droppedPresses: 1 });
    expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'sos', because: 'offline' });
    clock.advance(6000);
    expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'double-blink', because: 'offline' });
    fake.connect();
    clock.advance(60_000);
    await promisesRun();
    expect(fake.sentNow).toEqual([]);
  });

  for (const outcome of ['timed-out', 'refused'] as const)
    test(`because it ${outcome} is counted and shown, and the light then returns to the signal`, async () => {
      const { clock, driver, fake, metrics } = await arrangeReady();
      fake.outcome = outcome;
      driver.press(buttonLine);
      clock.advance(200);
      await promisesRun();
      expect(fake.state.get('button/main/state')).toMatchObject({ droppedPresses: 1 });
      expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'sos', because: 'offline' });
      clock.advance(6000);
      expect(fake.state.get('led/main/state')).toMatchObject({ because: 'signal' });
      expect(await metrics.metrics()).toContain(
        `release_button_agent_dropped_presses_total{button="main",reason="${outcome}"} 1`,
      );
    });

  test('is not dropped if its acknowledgement is missing and its result has come', async () => {
    const { clock, driver, fake } = await arrangeReady();
    fake.holdsBack = true;
    driver.press(buttonLine);
    clock.advance(200);
    fake.deliver('button/main/result', resultOf(fake));
    fake.answer('timed-out');
    await promisesRun();
    expect(fake.state.get('button/main/state')).toMatchObject({ droppedPresses: 0 });
  });
});

function resultOf(fake: FakeLink, change: object = {}) {
  const sent = pressesOf(fake).at(-1)?.message;
  const pressId = typeof sent === 'object' && sent !== null && 'id' in sent ? sent.id : undefined;
  return {
    pressId,
    button: 'main',
    outcome: 'accepted',
    message: 'Releasing 1 application.',
    at: '2026-01-01T00:00:01.000Z',
    ...change,
  };
}

describe('a refused press', () => {
  async function arrangeRefused(change: object) {
    const agentOnPins = await arrangeReady();
    const { clock, driver, fake } = agentOnPins;
    driver.press(buttonLine);
    clock.advance(200);
    await promisesRun();
    fake.deliver('button/main/result', resultOf(fake, { outcome: 'rejected', reason: 'stale', ...change }));
    return { ...agentOnPins, light: () => fake.state.get('led/main/state') };
  }

  test('shows five flashes, and then the signal again', async () => {
    const { clock, driver, light } = await arrangeRefused({});
    expect(light()).toMatchObject({ because: 'refused' });
    let flashes = 0;
    for (let before = driver.isLit(ledLine), ms = 0; ms < 1_400; ms += 10) {
      clock.advance(10);
      const lit = driver.isLit(ledLine);
      if (lit && !before) flashes += 1;
      before = lit;
    }
    expect(flashes).toBe(5);
    clock.advance(200);
    expect(light()).toMatchObject({ pattern: 'on', because: 'signal' });
  });

  test('shows five flashes even if nothing waits for its result any longer', async () => {
    const { clock, driver, fake } = await arrangeReady();
    driver.press(buttonLine);
    clock.advance(6_000);
    await promisesRun();
    clock.advance(6_000);
    fake.deliver('button/main/result', resultOf(fake, { outcome: 'rejected', reason: 'stale' }));
    expect(fake.state.get('led/main/state')).toMatchObject({ because: 'refused' });
  });

  test.each([
    ['from somebody else', { pressId: 'another' }],
    ['that found nothing to release', { outcome: 'nothing-to-release', reason: undefined }],
    ['that was accepted', { outcome: 'accepted', reason: undefined }],
  ])('does not flash if the result is for a press %s', async (_, change) => {
    const { light } = await arrangeRefused(change);
    expect(light()).toMatchObject({ because: 'signal' });
  });

  test('stops its flashes at the next press', async () => {
    const { clock, driver, light } = await arrangeRefused({});
    // The release of the first press must settle before the next press.
    clock.advance(100);
    expect(light()).toMatchObject({ because: 'refused' });
    driver.press(buttonLine);
    clock.advance(200);
    expect(light()).toMatchObject({ because: 'signal' });
  });
});

describe('the time of a press', () => {
  const atOf = (fake: FakeLink) => Reflect.get(Object(pressesOf(fake).at(-1)?.message), 'at');

  test('is right as soon as the clock was stepped', async () => {
    const { clock, driver, fake } = await arrangeReady();
    clock.jump(-3_600_000);
    driver.press(buttonLine);
    clock.advance(200);
    const age = clock.now() - Date.parse(String(atOf(fake)));
    expect(age).toBeLessThanOrEqual(200);
  });

  test('is the time of the finger, even if the process was paused', async () => {
    const { clock, driver, fake } = await arrangeReady();
    const pressedAt = clock.now();
    driver.setPressed(buttonLine, true);
    // The process is paused: the clocks go on, and the timers come late.
    clock.pause(60_000);
    clock.advance(200);
    expect(Date.parse(String(atOf(fake))) - pressedAt).toBe(30);
  });
});

describe('a press without a result', () => {
  async function arrangePressed() {
    const agentOnPins = await arrangeReady();
    const press = async () => {
      agentOnPins.driver.press(buttonLine);
      agentOnPins.clock.advance(200);
      await promisesRun();
    };
    await press();
    return { ...agentOnPins, press, light: () => agentOnPins.fake.state.get('led/main/state') };
  }
  const failed = { pattern: 'sos', because: 'signal', signal: 'failed' };
  const drifted = { pattern: 'on', because: 'signal', signal: 'drifted' };

  test('shows failed after resultTimeoutMs, and is counted', async () => {
    const { clock, light, metrics } = await arrangePressed();
    clock.advance(4800);
    expect(light()).toMatchObject(drifted);
    clock.advance(300);
    expect(light()).toMatchObject(failed);
    expect(await metrics.metrics()).toContain(
      'release_button_agent_unanswered_presses_total{button="main"} 1',
    );
  });

  test('shows nothing if the result comes in time, even before the acknowledgement', async () => {
    const { clock, driver, fake, light } = await arrangePressed();
    fake.deliver('button/main/result', resultOf(fake));
    fake.holdsBack = true;
    driver.press(buttonLine);
    clock.advance(200);
    fake.deliver('button/main/result', resultOf(fake));
    fake.answer('acknowledged');
    await promisesRun();
    clock.advance(20_000);
    expect(light()).toMatchObject(drifted);
  });

  test('is not answered by the result of another press', async () => {
    const { clock, fake, light } = await arrangePressed();
    fake.deliver('button/main/result', resultOf(fake, { pressId: 'another' }));
    clock.advance(20_000);
    expect(light()).toMatchObject(failed);
  });

  test('is answered by the one result for too many presses', async () => {
    const { clock, fake, light } = await arrangePressed();
    fake.deliver(
      'button/main/result',
      resultOf(fake, { pressId: 'another', outcome: 'rejected', reason: 'too-many' }),
    );
    clock.advance(20_000);
    expect(light()).toMatchObject(drifted);
  });

  test('shows failed until the signal changes, and a repeated signal is not a change', async () => {
    const { clock, light, signal } = await arrangePressed();
    clock.advance(10_000);
    signal('drifted', { outOfSync: 2 });
    expect(light()).toMatchObject(failed);
    signal('releasing');
    expect(light()).toMatchObject({ because: 'signal', signal: 'releasing' });
  });

  test('shows failed until the next press', async () => {
    const { clock, light, press } = await arrangePressed();
    clock.advance(10_000);
    await press();
    expect(light()).toMatchObject(drifted);
  });

  test('shows failed until its result comes late', async () => {
    const { clock, fake, light } = await arrangePressed();
    clock.advance(10_000);
    fake.deliver('button/main/result', resultOf(fake));
    expect(light()).toMatchObject(drifted);
  });

  test('shows offline, not failed, if the worker was not online, and the log says so', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const { clock, driver, fake, metrics, worker } = await arrangeReady({ log });
    const light = () => fake.state.get('led/main/state');
    worker('offline');
    driver.press(buttonLine);
    clock.advance(200);
    await promisesRun();
    expect(lines.join('')).toContain(
      'may get no result, because no worker of the button is known to be online',
    );
    clock.advance(20_000);
    expect(light()).toMatchObject({ because: 'offline' });
    worker('online');
    expect(light()).toMatchObject(drifted);
    expect(await metrics.metrics()).toContain(
      'release_button_agent_unanswered_presses_total{button="main"} 0',
    );
  });

  test('shows offline, not failed, as long as the worker that went offline before its result is away', async () => {
    const { clock, light, worker } = await arrangePressed();
    worker('offline');
    clock.advance(10_000);
    expect(light()).toMatchObject({ because: 'offline' });
    // Nothing says what became of the press, so a person has to look.
    worker('online');
    expect(light()).toMatchObject(failed);
  });
});
