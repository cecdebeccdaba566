import { describe, expect, test } from 'vitest';
import { createLineNoise } from '../../gpio-agent/line-noise.ts';

const calmMs = 30;

/** A line with spikes. Each spike is two changes and one level that was too short. */
function setUp() {
  const noise = createLineNoise({ calmMs, line: 'line 17' });
  let now = 0;
  const faults: (string | undefined)[] = [];
  const check = () => {
    const fault = noise.fault(now);
    if (fault !== faults.at(-1)) faults.push(fault);
    return fault;
  };
  /**
   * Makes spikes for a time, one every so many ms, with a check after each.
   * @returns when the line became a fault
   */
  const spikes = (forMs: number, everyMs: number) => {
    const end = now + forMs;
    let faultAt: number | undefined;
    for (; now < end; now += everyMs) {
      noise.changed(now);
      noise.changed(now + 1);
      noise.bounced(1, now + 1);
      if (check() !== undefined) faultAt ??= now;
    }
    now = end;
    return faultAt;
  };
  const quiet = (forMs: number) => {
    const end = now + forMs;
    let quietAt: number | undefined;
    for (; now < end; now += 1000) if (check() === undefined) quietAt ??= now;
    now = end;
    return quietAt;
  };
  return { noise, check, spikes, quiet, faults, now: () => now };
}

describe('the noise of a line', () => {
  test('is a fault if there is no calm moment for three seconds, and the message names the line and the remedy', () => {
    const { spikes, check } = setUp();
    expect(spikes(2900, 10)).toBeUndefined();
    spikes(200, 10);
    expect(check()).toMatch(/line 17 has not settled for 3 s.*Check its wire and its contact.*pull: up/);
  });

  test('is a fault if there are more than 600 changes a minute, however calm it is in between', () => {
    const { spikes, quiet, check } = setUp();
    const faultAt = spikes(60_000, 90);
    expect(faultAt).toBeGreaterThan(600 * 90 - 1000);
    expect(check()).toMatch(/more than 600 times within a minute/);
    quiet(1000);
    expect(check()).toBeDefined();
  });

  test('is not a fault at 500 changes a minute, because somebody may press for fun', () => {
    const { spikes, faults } = setUp();
    spikes(300_000, 120);
    expect(faults).toEqual([]);
  });

  test('is over after a quiet minute, by itself', () => {
    const { spikes, quiet, now } = setUp();
    spikes(5000, 10);
    const noisyUntil = now();
    expect(quiet(50_000)).toBeUndefined();
    expect((quiet(30_000) ?? 0) - noisyUntil).toBeLessThanOrEqual(70_000);
  });

  test('that comes and goes is one fault, not many', () => {
    const { spikes, quiet, faults } = setUp();
    for (let round = 0; round < 20; round += 1) {
      spikes(4000, 10);
      quiet(30_000);
    }
    expect(faults.filter((fault) => fault !== undefined)).toHaveLength(1);
  });

  test('keeps its message as long as it is a fault', () => {
    const { spikes, faults } = setUp();
    spikes(10_000, 10);
    spikes(60_000, 90);
    spikes(10_000, 10);
    expect(faults).toHaveLength(1);
  });

  test('is forgotten when the line is opened again', () => {
    const { noise, spikes, check } = setUp();
    spikes(5000, 10);
    noise.forget();
    expect(check()).toBeUndefined();
  });

  test('is no fault if the line is pressed after hours without a touch', () => {
    const { spikes, quiet, faults } = setUp();
    quiet(3_600_000);
    spikes(20, 2);
    quiet(3_600_000);
    spikes(20, 2);
    expect(faults).toEqual([]);
  });
});
