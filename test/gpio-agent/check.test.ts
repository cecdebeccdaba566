// The self-test on simulated pins, with a clock that the test moves. Timers act as the person.
import { describe, expect, test } from 'vitest';
import { runCheck } from '../../gpio-agent/check/check.ts';
import { createSimulatedDriver, type SimulatedDriver } from '../../gpio-agent/drivers/simulated.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { agentConfig, promisesRun } from './arrange.ts';

interface Person {
  readonly clock: FakeClock;
  readonly driver: SimulatedDriver;
  readonly abort: () => void;
}

/** Each LED blinks for 1.8 s. Then the self-test waits for each input for 5 s. */
async function check(
  config: unknown,
  person: (given: Person) => void = () => undefined,
  { edges = true, terminal = false, name = 'simulated' } = {},
) {
  const clock = createFakeClock();
  const driver = createSimulatedDriver({ clock, edges });
  const stop = new AbortController();
  const lines: string[] = [];
  const progress: string[] = [];
  const blinks: boolean[] = [];
  const { openOutput } = driver;
  const watched = {
    ...driver,
    name,
    openOutput: (options: Parameters<typeof openOutput>[0]) => {
      const output = openOutput(options);
      return {
        ...output,
        write: (on: boolean) => {
          blinks.push(on);
          output.write(on);
        },
      };
    },
  };
  person({ clock, driver, abort: () => stop.abort() });
  const ended: { passed?: boolean } = {};
  const running = runCheck({
    config: agentConfig(config),
    driver: watched,
    board: 'Raspberry Pi Zero W Rev 1.1',
    why: 'as told',
    version: '1.2.3',
    clock,
    seconds: 5,
    signal: stop.signal,
    print: (line) => void lines.push(line),
    ...(terminal ? { progress: (line: string) => void progress.push(line) } : {}),
  }).then((result) => (ended.passed = result));
  for (let ms = 0; ms < 60_000 && ended.passed === undefined; ms += 10) {
    clock.advance(10);
    await promisesRun();
  }
  await running;
  return { passed: ended.passed, text: lines.join('\n'), progress, blinks, driver, clock };
}

describe('the self-test', () => {
  test('names the moments when a driver that samples may have missed a press on a busy machine', async () => {
    const { passed, text } = await check(
      {},
      ({ clock, driver }) => {
        clock.setTimeout(() => {
          driver.setPressed(17, true);
          clock.pause(120);
          driver.setPressed(17, false);
        }, 3000);
      },
      { edges: false },
    );
    expect(passed).toBe(false);
    expect(text).toMatch(/button main +no change at all .*not read for 12\d ms/);
  });

  for (const edges of [true, false])
    test(`passes after a press of each button, with a driver ${edges ? 'with edges' : 'that samples'}`, async () => {
      const { passed, text, driver, clock } = await check(
        { buttons: [{ title: 'Release' }, { id: 'second', line: 5, activeLow: false, pull: 'down' }] },
        ({ clock, driver }) => {
          clock.setTimeout(() => driver.press(17, 120), 3000);
          clock.setTimeout(() => driver.press(5, 500), 5000);
        },
        { edges },
      );
      expect(text).toContain('board   Raspberry Pi Zero W Rev 1.1\ndriver  simulated (as told)');
      expect(text).toMatch(/button main +line 17 \(simulated\)\n +pull up, active low; level high: released/);
      expect(text).toMatch(
        /button second +line 5 \(simulated\)\n +pull down, active high; level low: released/,
      );
      expect(text).toMatch(/button main +seen: held for 1[12]\d ms; no bounce/);
      expect(text).toMatch(/button second +seen: held for [45]\d\d ms; no bounce/);
      expect(text).toContain('No fault found on 3 lines. Only you can tell whether the LED lit up.');
      expect(passed).toBe(true);
      expect(driver.isLit(27)).toBe(false);
      expect(clock.pendingTimers()).toBe(0);
    });

  test('blinks each LED three times and leaves it off', async () => {
    const { text, blinks } = await check({ buttons: [] });
    expect(text).toMatch(/LED main +blinks three times now/);
    expect(blinks).toEqual([true, false, true, false, true, false, false]);
  });

  test('lights the LED of a button while it is held', async () => {
    const { blinks } = await check({}, ({ clock, driver }) =>
      clock.setTimeout(() => driver.press(17, 400), 3000),
    );
    expect(blinks.slice(6)).toEqual([true, false, false, false]);
  });

  test('counts only the bounces of the press', async () => {
    const { text } = await check({}, ({ clock, driver }) => {
      const toggle = (at: number, pressed: boolean) =>
        clock.setTimeout(() => driver.setPressed(17, pressed), at);
      toggle(300, true);
      toggle(302, false);
      [3000, 3004, 3006, 3009, 3010].forEach((at, index) => toggle(at, index % 2 === 0));
      toggle(3200, false);
    });
    expect(text).toMatch(/seen: held for 200 ms; 4 bounces, the shortest pulse 1 ms/);
  });

  test('says what is wrong if nothing is pressed, and continues with the next input', async () => {
    const { passed, text } = await check({ buttons: [{}, { id: 'second', line: 5 }] }, ({ clock, driver }) =>
      clock.setTimeout(() => driver.press(5), 8000),
    );
    expect(passed).toBe(false);
    expect(text).toMatch(/button main +no change at all \(level high\)/);
    expect(text).toMatch(/button second +seen/);
    expect(text).toContain('Needs a look (see above): button main.');
  });

  test('counts neither bounces at another time nor their pulse', async () => {
    const { text } = await check({}, ({ clock, driver }) => {
      clock.setTimeout(() => driver.press(17, 2), 300);
      clock.setTimeout(() => driver.press(17, 100), 3000);
    });
    expect(text).toMatch(/seen: held for 100 ms; no bounce$/m);
  });

  test('remembers a line that failed for a moment', async () => {
    const { passed, text } = await check({}, ({ clock, driver }) => {
      clock.setTimeout(() => driver.fail(17, 'flickers'), 2900);
      clock.setTimeout(() => driver.fail(17, undefined), 3050);
    });
    expect(passed).toBe(false);
    expect(text).toContain('line 17 of the simulated driver: flickers');
  });

  test('warns of a running agent if the driver cannot detect one', async () => {
    const warning = 'Stop it first';
    expect((await check({})).text).not.toContain(warning);
    expect((await check({}, undefined, { name: 'rpio' })).text).toContain(warning);
  });

  test('notices a press of another button', async () => {
    const { text } = await check({ buttons: [{}, { id: 'second', line: 5 }] }, ({ clock, driver }) =>
      clock.setTimeout(() => driver.press(5), 3000),
    );
    expect(text).toMatch(/button main +button second changed instead of this one: are the wires swapped\?/);
  });

  test('names a button that is pressed before anybody touches it', async () => {
    const { text } = await check({}, ({ driver }) => driver.setPressed(17, true));
    expect(text).toMatch(/level low: pressed/);
    expect(text).toMatch(/button main +reads as pressed all the time \(level low\)/);
  });

  test('asks to turn a key', async () => {
    const { passed, text } = await check({ buttons: [], leds: [], keySwitches: [{}] }, ({ clock, driver }) =>
      clock.setTimeout(() => driver.press(22, 1000), 500),
    );
    expect(text).toMatch(/key switch main +turn it on and off again, within 5 s/);
    expect(passed).toBe(true);
  });

  test('tests the inputs and LEDs that can be opened, and names the others', async () => {
    const { passed, text } = await check(
      { buttons: [{}, { id: 'second', line: 5 }] },
      ({ clock, driver }) => {
        driver.fail(17, 'burnt');
        driver.fail(27, 'burnt too');
        clock.setTimeout(() => driver.press(5), 1000);
      },
    );
    expect(passed).toBe(false);
    expect(text).toMatch(/button main +cannot be opened: line 17 of the simulated driver: burnt\n/);
    expect(text).toMatch(/button second +seen/);
    expect(text).toContain('Needs a look (see above): button main, LED main.');
  });

  test('counts down on a terminal', async () => {
    const { progress } = await check({ leds: [] }, undefined, { terminal: true });
    expect(progress.map((line) => line.replace(/.*… /, ''))).toEqual(['5 s', '4 s', '3 s', '2 s', '1 s']);
  });

  test('leaves LEDs off and no timer if it is interrupted', async () => {
    const { passed, text, driver, clock } = await check({}, ({ clock, abort }) =>
      clock.setTimeout(abort, 100),
    );
    expect(passed).toBe(false);
    expect(text).toContain('ended before everything was tested');
    expect(driver.isLit(27)).toBe(false);
    expect(clock.pendingTimers()).toBe(0);
  });
});
