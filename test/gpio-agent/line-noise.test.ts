import { describe, expect, test } from 'vitest';
import { createLineNoise } from '../../gpio-agent/line-noise.ts';

const calmMs = 30;

/** A line that gets spikes, each as two changes and one level that was too short. */
function setUp() {
  const noise = createLineNoise({ calmMs, line: 'line 17' });
  let now = 0;
  const faults: (string | undefined)[] = [];
  const look = () => {
    const fault = noise.fault(now);
    if (fault !== faults.at(-1)) faults.push(fault);
    return fault;
  };
  /** Spikes for the given time, one every so many ms, with a check at each. @returns when it became a fault */
  const spikes = (forMs: number, everyMs: number) => {
    const end = now + forMs;
    let faultAt: number | undefined;
    for (; now < end; now += everyMs) {
      noise.changed(now);
      noise.changed(now + 1);
      noise.bounced(1, now + 1);
      if (look() !== undefined) faultAt ??= now;
    }
    now = end;
    return faultAt;
  };
  const quiet = (forMs: number) => {
    const end = now + forMs;
    let quietAt: number | undefined;
    for (; now < end; now += 1000) if (look() === undefined) quietAt ??= now;
    now = end;
    return quietAt;
  };
  return { noise, look, spikes, quiet, faults, now: () => now };
}

describe('a line', () => {
  test('without a calm moment for three seconds does not settle: the message names the line and the remedy', () => {
    const { spikes, look } = setUp();
    expect(spikes(2900, 10)).toBeUndefined();
    spikes(200, 10);
    expect(look()).toMatch(/line 17 has not settled for 3 s.*Check its wire and its contact.*pull: up/);
  });

  test('that changes more than 600 times a minute is noisy, however calm it is in between', () => {
    const { spikes, quiet, look } = setUp();
    const faultAt = spikes(60_000, 90);
    expect(faultAt).toBeGreaterThan(600 * 90 - 1000);
    expect(look()).toMatch(/more than 600 times within a minute/);
    quiet(1000);
    expect(look()).toBeDefined();
  });

  test('that changes 500 times a minute is not noisy: somebody may press for fun', () => {
    const { spikes, faults } = setUp();
    spikes(300_000, 120);
    expect(faults).toEqual([]);
  });

  test('is healthy again after a quiet minute, by itself', () => {
    const { spikes, quiet, now } = setUp();
    spikes(5000, 10);
    const noisyUntil = now();
    expect(quiet(50_000)).toBeUndefined();
    expect((quiet(30_000) ?? 0) - noisyUntil).toBeLessThanOrEqual(70_000);
  });

  test('whose noise comes and goes is one fault, not many', () => {
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

  test('that was opened again has no history', () => {
    const { noise, spikes, look } = setUp();
    spikes(5000, 10);
    noise.forget();
    expect(look()).toBeUndefined();
  });

  test('that is pressed after hours without a touch is no fault', () => {
    const { spikes, quiet, faults } = setUp();
    quiet(3_600_000);
    spikes(20, 2);
    quiet(3_600_000);
    spikes(20, 2);
    expect(faults).toEqual([]);
  });
});
