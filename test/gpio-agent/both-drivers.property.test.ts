// The same finger on the same line with both kinds of driver, up to the presses that are sent: gpiochip on a kernel that
// stamps edges, and rpio on registers that are sampled.
import * as fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createGpioAgent } from '../../gpio-agent/agent.ts';
import type { GpioDriver } from '../../gpio-agent/drivers/driver.ts';
import { createGpiochipDriver } from '../../gpio-agent/drivers/gpiochip/driver.ts';
import { createRpioDriver } from '../../gpio-agent/drivers/rpio.ts';
import type { AgentLink } from '../../gpio-agent/options.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { agentConfig, buttonLine } from './arrange.ts';
import { createFakeKernel } from './fake-kernel.ts';
import { createFakeLink } from './fake-link.ts';
import { createFakeRpio } from './fake-rpio.ts';

const debounceMs = 30;
const sampleMs = 5;

interface Wire {
  readonly driver: GpioDriver;
  readonly setPressed: (pressed: boolean) => void;
}

function kernelWire(clock: FakeClock): Wire {
  const chip = { path: '/dev/gpiochip0', label: 'test', lines: Array.from({ length: 32 }, () => ({})) };
  const fake = createFakeKernel([chip]);
  const driver = createGpiochipDriver({
    kernel: fake.kernel,
    monotonic: () => clock.monotonic(),
    kernelMonotonic: () => clock.monotonic() + 1e6,
    consumer: 'test',
    paths: fake.paths,
  });
  return {
    driver,
    setPressed: (pressed) => {
      fake.change(chip, buttonLine, !pressed, clock.monotonic() + 1e6);
      fake.deliver();
    },
  };
}

function registerWire(): Wire {
  const fake = createFakeRpio();
  const board = { model: 'Raspberry Pi Zero W Rev 1.1', compatible: ['brcm,bcm2835'] };
  fake.levels.set(buttonLine, 1);
  return {
    driver: createRpioDriver({ rpio: fake.rpio, board, gpiomemPath: '/dev/null' }),
    setPressed: (pressed) => void fake.levels.set(buttonLine, pressed ? 0 : 1),
  };
}

interface Level {
  readonly pressed: boolean;
  readonly ms: number;
}

/**
 * Begins with the button released, and then plays level by level.
 * @returns the times at which presses were sent, in ms
 */
async function pressesOf(
  levels: readonly Level[],
  wireOn: (clock: FakeClock) => Wire,
  phaseMs: number,
): Promise<readonly number[]> {
  const clock = createFakeClock();
  const { driver, setPressed } = wireOn(clock);
  const fake = createFakeLink();
  const at: number[] = [];
  let started = 0;
  const link: AgentLink = {
    ...fake.link,
    publishNow: (address, message) => {
      if (address.topic.endsWith('/press')) at.push(clock.monotonic() - started);
      return fake.link.publishNow(address, message);
    },
  };
  const agent = createGpioAgent({
    config: agentConfig({ sampleMs, buttons: [{ debounceMs }], leds: [] }),
    link,
    driver,
    clock,
    log: silentLog(),
    health: createHealth(clock),
    metrics: new Registry(),
    version: '0',
    host: 'pi',
    instance: 'one',
    clockSynchronised: () => 'unknown',
    uptimeMs: () => clock.monotonic(),
  });
  const starting = agent.start();
  clock.advance(100 + phaseMs);
  await starting;
  fake.connect();
  started = clock.monotonic();
  let pressed = false;
  for (const level of levels) {
    if (level.pressed !== pressed) setPressed(level.pressed);
    ({ pressed } = level);
    clock.advance(level.ms);
  }
  await agent.stop();
  return at;
}

/** Of a release, by default. */
const releaseDebounceMs = 100;

/**
 * A bounce is shorter than the time between two samples. A spike is longer than that, and shorter than the debounce time.
 */
const bounce = fc.integer({ min: 1, max: 4 });
const spike = fc.integer({ min: sampleMs + 1, max: debounceMs - 1 });
const held = fc.integer({ min: debounceMs + sampleMs + 1, max: 200 });
/** A dropout is too short to count as a release. */
const dropout = fc.integer({ min: sampleMs + 1, max: releaseDebounceMs - 1 });
const long = fc.integer({ min: releaseDebounceMs + sampleMs + 1, max: 200 });
/** A level that is too short to change anything on its own. */
const tiny = fc.integer({ min: 1, max: 29 }).map((tenths) => tenths / 10);
const phase = fc.integer({ min: 0, max: 9 }).map((tenths) => tenths / 2);

function alternating(durations: readonly number[]): readonly Level[] {
  return durations.map((ms, index) => ({ pressed: index % 2 === 1, ms }));
}

describe('gpiochip and rpio', () => {
  test('give the same presses for any train of levels outside the band between debounce and debounce plus sample', async () => {
    const train = fc
      .tuple(
        long,
        fc.array(fc.tuple(fc.oneof(spike, held), fc.oneof(dropout, long)), { maxLength: 12 }),
        held,
        long,
      )
      .map(([first, rest, ...last]) => alternating([first, ...rest.flat(), ...last]));
    await fc.assert(
      fc.asyncProperty(train, phase, async (levels, phaseMs) => {
        const stamped = await pressesOf(levels, kernelWire, phaseMs);
        const sampled = await pressesOf(levels, registerWire, phaseMs);
        expect(sampled).toHaveLength(stamped.length);
        for (const [index, at] of sampled.entries()) {
          expect(at - (stamped[index] ?? Number.NaN)).toBeGreaterThanOrEqual(0);
          expect(at - (stamped[index] ?? Number.NaN)).toBeLessThanOrEqual(sampleMs + 2);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('give one press for each long one, with any bounces at both ends', async () => {
    // An even number of bounces, so that the level after them is the other one.
    const bounces = fc.array(fc.tuple(bounce, bounce), { maxLength: 3 }).map((pairs) => pairs.flat());
    const presses = fc.array(fc.tuple(long, bounces, held, bounces), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(presses, phase, async (parts, phaseMs) => {
        const levels = alternating([
          ...parts.flatMap(([gap, pressing, held, releasing]) => [gap, ...pressing, held, ...releasing]),
          400,
        ]);
        for (const wire of [kernelWire, registerWire])
          expect(await pressesOf(levels, wire, phaseMs)).toHaveLength(parts.length);
      }),
      { numRuns: 50 },
    );
  });

  test('give one press for each that is held, with any spikes shorter than 3 ms on it and between presses', async () => {
    // As far apart as spikes at 100 Hz. Each spike may cost the sampling driver 5 ms.
    const gapMs = fc.integer({ min: 7, max: 20 });
    const spiky = (atLeastMs: number) =>
      fc.array(fc.tuple(gapMs, tiny), { maxLength: 20 }).map((pairs) => [...pairs.flat(), atLeastMs]);
    const presses = fc.array(fc.tuple(spiky(150), spiky(150)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(presses, phase, async (parts, phaseMs) => {
        const levels = alternating([...parts.flatMap(([gap, press]) => [...gap, ...press]), 400]);
        for (const wire of [kernelWire, registerWire])
          expect(await pressesOf(levels, wire, phaseMs)).toHaveLength(parts.length);
      }),
      { numRuns: 40 },
    );
  });

  test('give no press for noise whose levels are all shorter than 3 ms', async () => {
    const noise = fc.array(fc.tuple(tiny, tiny), { minLength: 5, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(noise, tiny, phase, async (levels, last, phaseMs) => {
        for (const wire of [kernelWire, registerWire])
          expect(await pressesOf(alternating([200, ...levels.flat(), last, 400]), wire, phaseMs)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('give no press for single spikes', async () => {
    const spikes = fc.array(fc.tuple(long, fc.integer({ min: 1, max: debounceMs - 1 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(spikes, phase, async (pairs, phaseMs) => {
        const levels = alternating([...pairs.flat(), 200]);
        for (const wire of [kernelWire, registerWire])
          expect(await pressesOf(levels, wire, phaseMs)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
