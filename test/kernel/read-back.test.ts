import { describe, expect, test } from 'vitest';
import { litAt, median, stepsShown } from './read-back.ts';

/** Changes at these moments, the first to lit, each seen within 3 ms. */
const changes = (...moments: readonly number[]) =>
  moments.map((moment, index) => ({ lit: index % 2 === 0, before: moment - 1.5, after: moment + 1.5 }));

describe('the levels of a pin', () => {
  test('give each step of a pattern its observed durations', () => {
    // heartbeat: 80 on, 120 off, 80 on, 1720 off
    const shown = stepsShown('heartbeat', changes(500, 581, 700, 780, 2500, 2580, 2700));
    expect(shown).toEqual([
      { on: true, nominalMs: 80, observedMs: [81, 80, 80] },
      { on: false, nominalMs: 120, observedMs: [119, 120] },
      { on: false, nominalMs: 1720, observedMs: [1720] },
    ]);
  });

  test('lose one duration for a change that was not seen, but none after it', () => {
    // fast-blink without its second dark step
    const seen = [
      ...changes(0, 100, 200),
      ...changes(500, 600, 700, 800).map((change) => ({ ...change, lit: !change.lit })),
    ];
    const [lit, dark] = stepsShown('fast-blink', seen);
    expect(median(lit?.observedMs ?? [])).toBe(100);
    expect(median(dark?.observedMs ?? [])).toBe(100);
  });

  test('give no duration to a step that was never seen, so that its median is not a number', () => {
    // pulse, where the dark step between the first two rounds was not seen
    const [, dark] = stepsShown('pulse', changes(0, 1700));
    expect(dark?.observedMs).toEqual([]);
    expect(median([])).toBeNaN();
  });

  test('at a moment are the level of the last change before it', () => {
    const seen = changes(100, 200);
    expect([50, 150, 250].map((at) => litAt(seen, at))).toEqual([undefined, true, false]);
  });
});
