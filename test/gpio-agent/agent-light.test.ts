import { describe, expect, test } from 'vitest';
import { signals } from '../../messages/button.ts';
import { arrange, arrangeReady, buttonLine, ledLine, promisesRun, signalMessage } from './arrange.ts';

const offline = { pattern: 'double-blink', because: 'offline' };
const drifted = { pattern: 'on', because: 'signal', signal: 'drifted' };

describe('the light', () => {
  test('shows a signal when its worker is known to be online, whichever of the two messages comes first', async () => {
    for (const order of ['signal first', 'worker first']) {
      const { start, clock, driver, fake, signal, worker } = arrange();
      await start();
      fake.connect();
      expect(fake.state.get('led/main/state')).toMatchObject(offline);
      if (order === 'signal first') signal('drifted');
      else worker('online');
      expect(fake.state.get('led/main/state')).toMatchObject(offline);
      if (order === 'signal first') worker('online');
      else signal('drifted');
      expect(fake.state.get('led/main/state')).toMatchObject(drifted);
      clock.advance(10_000);
      expect(driver.isLit(ledLine)).toBe(true);
    }
  });

  test('follows the worker that the signal names, and no other worker', async () => {
    const { fake, signal, worker } = await arrangeReady();
    worker('online', 'other');
    worker('offline');
    expect(fake.state.get('led/main/state')).toMatchObject(offline);
    signal('clear', { worker: 'other' });
    expect(fake.state.get('led/main/state')).toMatchObject({ signal: 'clear' });
  });

  test('shows nothing from before a reconnect', async () => {
    const { fake, signal, worker } = await arrangeReady();
    fake.disconnect();
    expect(fake.state.get('led/main/state')).toMatchObject(offline);
    fake.connect();
    signal('drifted');
    expect(fake.state.get('led/main/state')).toMatchObject(offline);
    worker('online');
    expect(fake.state.get('led/main/state')).toMatchObject(drifted);
  });

  test('shows offline when the signal or the availability is cleared', async () => {
    const { fake, signal, worker } = await arrangeReady();
    fake.deliver('button/main/signal', '');
    expect(fake.state.get('led/main/state')).toMatchObject(offline);
    signal('drifted');
    expect(fake.state.get('led/main/state')).toMatchObject(drifted);
    fake.deliver('worker/main/availability', '');
    expect(fake.state.get('led/main/state')).toMatchObject(offline);
    worker('online');
    expect(fake.state.get('led/main/state')).toMatchObject(drifted);
  });

  test('follows a button of another machine', async () => {
    const { start, driver, fake, worker } = arrange({ config: { buttons: [], leds: [{ follows: 'hall' }] } });
    await start();
    fake.connect();
    worker('online');
    fake.deliver('button/hall/signal', signalMessage('drifted'));
    expect(driver.isLit(ledLine)).toBe(true);
  });

  test('publishes each change once', async () => {
    const { clock, fake, signal } = await arrangeReady();
    const before = fake.states.length;
    signal('drifted');
    clock.advance(30_000);
    expect(fake.states.slice(before).filter(({ topic }) => topic === 'led/main/state')).toEqual([]);
  });
});

describe('an override of the light', () => {
  const off = { pattern: 'off', because: 'set' };
  const nothingToSay = { because: 'signal', signal: 'clear' };

  for (const shown of signals.filter((signal) => signal !== 'clear'))
    for (const payload of ['off', { pattern: 'off' }])
      test(`without a duration hides ${shown} for ten seconds (${JSON.stringify(payload)})`, async () => {
        const { clock, fake, signal } = await arrangeReady();
        signal(shown);
        fake.deliver('led/main/set', payload);
        clock.advance(9999);
        expect(fake.state.get('led/main/state')).toMatchObject(off);
        clock.advance(1);
        expect(fake.state.get('led/main/state')).toMatchObject({ because: 'signal', signal: shown });
      });

  test('without a duration lasts ten minutes while there is nothing to release', async () => {
    const { clock, fake, signal } = await arrangeReady();
    signal('clear');
    fake.deliver('led/main/set', 'pulse');
    clock.advance(599_999);
    expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'pulse', because: 'set' });
    clock.advance(1);
    expect(fake.state.get('led/main/state')).toMatchObject(nothingToSay);
  });

  test('yields to later drift at once, and does not return after it', async () => {
    const { clock, fake, signal } = await arrangeReady();
    signal('clear');
    fake.deliver('led/main/set', 'off');
    clock.advance(60_000);
    signal('drifted');
    expect(fake.state.get('led/main/state')).toMatchObject(drifted);
    signal('clear');
    expect(fake.state.get('led/main/state')).toMatchObject(nothingToSay);
  });

  test('yields after ten seconds when the worker disappears', async () => {
    const { clock, fake, worker } = await arrangeReady();
    fake.deliver('led/main/set', 'off');
    worker('offline');
    clock.advance(9999);
    expect(fake.state.get('led/main/state')).toMatchObject(off);
    clock.advance(1);
    expect(fake.state.get('led/main/state')).toMatchObject(offline);
  });

  test('with a duration lasts for that time, whatever the signal is', async () => {
    const { clock, fake, signal } = await arrangeReady();
    fake.deliver('led/main/set', { pattern: 'off', forMs: 3_600_000 });
    signal('failed');
    clock.advance(3_599_999);
    expect(fake.state.get('led/main/state')).toMatchObject(off);
    clock.advance(1);
    expect(fake.state.get('led/main/state')).toMatchObject({ because: 'signal', signal: 'failed' });
  });

  test('ends with `auto`', async () => {
    const { driver, fake } = await arrangeReady();
    fake.deliver('led/main/set', { pattern: 'off', forMs: 3_600_000 });
    expect(driver.isLit(ledLine)).toBe(false);
    fake.deliver('led/main/set', 'auto');
    expect(driver.isLit(ledLine)).toBe(true);
  });

  test('by steps is reported as such while it lasts, and begins from the first step when it is set again', async () => {
    const { clock, driver, fake } = await arrangeReady();
    const steps = [
      { on: false, ms: 100 },
      { on: true, ms: 60_000 },
    ];
    fake.deliver('led/main/set', { steps, repeat: false, forMs: 1000 });
    expect(fake.state.get('led/main/state')).toMatchObject({
      pattern: { steps, repeat: false },
      because: 'set',
    });
    clock.advance(100);
    expect(driver.isLit(ledLine)).toBe(true);
    fake.deliver('led/main/set', { steps, repeat: false, forMs: 1000 });
    expect(driver.isLit(ledLine)).toBe(false);
    clock.advance(1000);
    expect(fake.state.get('led/main/state')).toMatchObject(drifted);
  });

  test('that was retained is ignored, because its age is unknown', async () => {
    const { fake } = await arrangeReady();
    fake.deliver('led/main/set', 'off', { retained: true });
    fake.deliver('led/main/identify', 'x', { retained: true });
    expect(fake.state.get('led/main/state')).toMatchObject(drifted);
  });

  test('of another LED is ignored', async () => {
    const { driver, fake } = await arrangeReady();
    fake.deliver('led/other/set', 'off');
    expect(driver.isLit(ledLine)).toBe(true);
  });
});

test('identifying a LED makes it blink for ten seconds, whatever the payload', async () => {
  const { clock, driver, fake } = await arrangeReady();
  for (const payload of ['', 'where are you?']) {
    fake.deliver('led/main/identify', payload);
    const levels = [0, 1, 2, 3].map(() => {
      const level = driver.isLit(ledLine);
      clock.advance(50);
      return level;
    });
    expect(levels).toEqual([true, false, true, false]);
    expect(fake.state.get('led/main/state')).toMatchObject({ because: 'identify' });
    clock.advance(9800);
    expect(fake.state.get('led/main/state')).toMatchObject(drifted);
  }
});

describe('a button that cannot be read', () => {
  for (const edges of [true, false])
    test(`with a driver ${edges ? 'with edges' : 'that samples'} is a fault on its topic, at the light and in health until it can be read again`, async () => {
      const { clock, driver, fake, health } = await arrangeReady({ edges });
      expect(health.report().status).toBe('ok');
      driver.fail(buttonLine, 'the line is gone');
      clock.advance(1000);
      expect(fake.state.get('button/main/state')).toHaveProperty(
        'fault',
        'line 17 of the simulated driver: the line is gone',
      );
      expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'triple-blink', because: 'fault' });
      expect(health.report()).toMatchObject({ status: 'failing', checks: { 'button main': { ok: false } } });

      driver.fail(buttonLine, undefined);
      clock.advance(60_000);
      expect(fake.state.get('button/main/state')).not.toHaveProperty('fault');
      expect(fake.state.get('led/main/state')).toMatchObject(drifted);
      expect(health.report().status).toBe('ok');
      driver.press(buttonLine);
      clock.advance(200);
      expect(fake.sentNow.map(({ topic }) => topic)).toEqual(['button/main/press', 'button/main/event']);
    });

  test('must be released first if it was held when it could be read again', async () => {
    const { clock, driver, fake } = await arrangeReady();
    driver.fail(buttonLine, 'the line is gone');
    clock.advance(1000);
    driver.setPressed(buttonLine, true);
    driver.fail(buttonLine, undefined);
    clock.advance(5000);
    expect(fake.state.get('button/main/state')).toMatchObject({ pressed: true });
    expect(fake.sentNow).toEqual([]);
  });

  test('is retried at growing intervals', async () => {
    const { clock, driver, fake } = await arrangeReady();
    driver.fail(buttonLine, 'the line is gone');
    // The check one second after the start notices the fault. Retries follow after 1, 2, 4 and 8 s.
    clock.advance(900 + 1000 + 2000 + 4000);
    driver.fail(buttonLine, undefined);
    clock.advance(7999);
    expect(fake.state.get('button/main/state')).toHaveProperty('fault');
    clock.advance(1);
    expect(fake.state.get('button/main/state')).not.toHaveProperty('fault');
  });
});

test('a LED that cannot be written is a fault on its topic and in health until it can be written', async () => {
  const { clock, driver, fake, health, signal } = await arrangeReady();
  driver.fail(ledLine, 'the line is gone');
  signal('clear');
  clock.advance(1000);
  expect(fake.state.get('led/main/state')).toMatchObject({ because: 'fault' });
  expect(health.report()).toMatchObject({ status: 'degraded', checks: { 'LED main': { ok: false } } });
  driver.fail(ledLine, undefined);
  clock.advance(2000);
  expect(fake.state.get('led/main/state')).toMatchObject({ signal: 'clear' });
  expect(health.report().status).toBe('ok');
  expect(driver.isLit(ledLine)).toBe(false);
});

test('a steady LED whose line is lost is noticed within a second, and lit again when the line is back', async () => {
  const { clock, driver, fake, health } = await arrangeReady();
  driver.fail(ledLine, 'the line is gone');
  clock.advance(1000);
  expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'triple-blink', because: 'fault' });
  expect(health.report()).toMatchObject({
    status: 'degraded',
    checks: { 'LED main': { message: 'LED main: line 27 of the simulated driver: the line is gone' } },
  });
  driver.fail(ledLine, undefined);
  clock.advance(1000);
  expect(fake.state.get('led/main/state')).toMatchObject({ signal: 'drifted' });
  expect(driver.isLit(ledLine)).toBe(true);
  expect(health.report().status).toBe('ok');
});

test('a key switch that cannot be read is a fault at the light of its button', async () => {
  const { clock, driver, fake, health } = await arrangeReady({ config: { keySwitches: [{}] } });
  driver.fail(22, 'the line is gone');
  clock.advance(1000);
  expect(fake.state.get('led/main/state')).toMatchObject({ pattern: 'triple-blink', because: 'fault' });
  expect(health.report()).toMatchObject({ status: 'failing', checks: { 'key switch main': { ok: false } } });
  driver.fail(22, undefined);
  clock.advance(1000);
  expect(fake.state.get('led/main/state')).toMatchObject({ signal: 'drifted' });
  expect(health.report().status).toBe('ok');
});

test('a button that is held too long is stuck until it is released, and then its presses are sent again', async () => {
  const { clock, driver, fake } = await arrangeReady();
  driver.setPressed(buttonLine, true);
  clock.advance(30_000);
  expect(fake.state.get('button/main/state')).toMatchObject({ pressed: true, stuck: false });
  clock.advance(100);
  expect(fake.state.get('button/main/state')).toMatchObject({ pressed: true, stuck: true });
  driver.setPressed(buttonLine, false);
  clock.advance(100);
  expect(fake.state.get('button/main/state')).toMatchObject({ pressed: false, stuck: false });
  driver.press(buttonLine);
  clock.advance(100);
  await promisesRun();
  expect(fake.state.get('button/main/state')).toMatchObject({ presses: 2 });
});
