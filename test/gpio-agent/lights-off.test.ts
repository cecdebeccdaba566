// Switches the lights off without an agent: `--lights-off` on simulated pins, and the real command.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSimulatedDriver } from '../../gpio-agent/drivers/simulated.ts';
import { lightsOff } from '../../gpio-agent/lights-off.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createWorkplace, type Workplace } from '../support/processes.ts';
import { agentConfig } from './arrange.ts';

function arrangeLights() {
  const driver = createSimulatedDriver({ clock: createFakeClock() });
  const { leds } = agentConfig({
    leds: [
      { id: 'one', line: 5 },
      { id: 'two', line: 6, activeLow: true },
    ],
  });
  const printed: string[] = [];
  let closed = 0;
  return {
    driver,
    printed,
    closed: () => closed,
    run: () =>
      lightsOff({
        leds,
        driver: {
          ...driver,
          close: () => {
            closed += 1;
            driver.close();
          },
        },
        why: 'as told',
        print: (line) => void printed.push(line),
      }),
  };
}

describe('lights off', () => {
  test('switches every LED off and releases the pins', () => {
    const { driver, printed, closed, run } = arrangeLights();
    expect(run()).toBe(true);
    expect([driver.isLit(5), driver.isLit(6)]).toEqual([false, false]);
    expect(printed).toEqual([
      'driver simulated (as told)',
      'LED one: off, line 5 (simulated)',
      'LED two: off, line 6 (simulated)',
    ]);
    expect(closed()).toBe(1);
  });

  test('switches off the other LEDs if one cannot be opened, and names that one', () => {
    const { driver, printed, closed, run } = arrangeLights();
    driver.fail(5, 'in use by "release-button main"');
    expect(run()).toBe(false);
    expect(driver.isLit(6)).toBe(false);
    expect(printed[1]).toContain('LED one: cannot be switched off');
    expect(printed[1]).toContain('in use by "release-button main"');
    expect(closed()).toBe(1);
  });
});

describe('release-button gpio-agent --lights-off', () => {
  let workplace: Workplace;
  beforeEach(() => {
    workplace = createWorkplace();
  });
  afterEach(() => workplace.clear());

  test('ends with 0, needs no broker, and says so if the pins are only simulated', async () => {
    const running = workplace.start(['gpio-agent', '--lights-off'], {
      RELEASE_BUTTON_AGENT_DRIVER: 'simulated',
      RELEASE_BUTTON_MQTT_PASSWORD_FILE: '/no/such/password',
    });
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(running.output()).toMatch(/^driver simulated \(.*buttons and LEDs are simulated/);
    expect(running.output()).toContain('LED main: off, line 27 (simulated)');
  });

  test('ends with 3 and the remedy if the hardware cannot be opened', async () => {
    const running = workplace.start(['gpio-agent', '--lights-off'], {
      RELEASE_BUTTON_AGENT_DRIVER: 'gpiochip',
      RELEASE_BUTTON_AGENT_CHIP: '/dev/no-chip',
    });
    expect(await running.exited).toEqual({ code: 3, signal: null });
    expect(running.output()).toMatch(/no GPIO chip here|\/dev\/no-chip cannot be opened/);
    expect(running.output()).not.toContain('    at ');
  });

  test('cannot be combined with the self-test', async () => {
    const running = workplace.start(['gpio-agent', '--lights-off', '--check', '5']);
    expect(await running.exited).toEqual({ code: 2, signal: null });
    expect(running.output()).toContain('--check');
  });
});
