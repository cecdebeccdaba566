import { describe, expect, test } from 'vitest';
import { litAt, median, stepsShown } from './read-back.ts';

/** Changes at these moments, the first one to lit; each seen within 3 ms. */
const changes = (...moments: readonly number[]) =>
  moments.map((moment, index) => ({ lit: index % 2 === 0, before: moment - 1.5, after: moment + 1.5 }));

describe('the levels of a pin', () => {
  test('each step of a pattern has its observed durations', () => {
    // heartbeat: 80 on, 120 off, 80 on, 1720 off
    const shown = stepsShown('heartbeat', changes(500, 581, 700, 780, 2500, 2580, 2700));
    expect(shown).toEqual([
      { on: true, nominalMs: 80, observedMs: [81, 80, 80] },
      { on: false, nominalMs: 120, observedMs: [119, 120] },
      { on: false, nominalMs: 1720, observedMs: [1720] },
    ]);
  });

  test('a change that was not seen spoils one duration, but none after it', () => {
    // fast-blink without its second dark step
    const seen = [
      ...changes(0, 100, 200),
      ...changes(500, 600, 700, 800).map((change) => ({ ...change, lit: !change.lit })),
    ];
    const [lit, dark] = stepsShown('fast-blink', seen);
    expect(median(lit?.observedMs ?? [])).toBe(100);
    expect(median(dark?.observedMs ?? [])).toBe(100);
  });

  test('a step that was never seen has no duration, so that its median is no number', () => {
    // pulse, where the dark step between the first two rounds was not seen
    const [, dark] = stepsShown('pulse', changes(0, 1700));
    expect(dark?.observedMs).toEqual([]);
    expect(median([])).toBeNaN();
  });

  test('the level at a moment is that of the last change before', () => {
    const seen = changes(100, 200);
    expect([50, 150, 250].map((at) => litAt(seen, at))).toEqual([undefined, true, false]);
  });
});
