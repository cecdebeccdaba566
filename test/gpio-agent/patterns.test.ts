import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelAt, patternOfSignal, type Pattern } from '../../gpio-agent/patterns.ts';
import { signals } from '../../messages/button.ts';
import { patternNames, type PatternName } from '../../messages/pattern.ts';

/** The changes of a pattern until `untilMs`, found by stepping from one `nextAt` to the next. */
function line(pattern: Pattern, untilMs: number): readonly (readonly [boolean, number])[] {
  const parts: (readonly [boolean, number])[] = [];
  let at = 0;
  while (at < untilMs) {
    const { on, nextAt = untilMs } = levelAt(pattern, at);
    const end = Math.min(nextAt, untilMs);
    parts.push([on, end - at]);
    at = end;
  }
  return parts;
}

const round = (...ms: readonly number[]) => ms.map((length, index) => [index % 2 === 0, length] as const);

describe('the named patterns are those of the contract:', () => {
  const roundsOf: Record<Exclude<PatternName, 'on' | 'off'>, readonly number[]> = {
    'fast-blink': [100, 100],
    pulse: [700, 300],
    'two-flashes': [500, 300, 500, 300],
    sos: [150, 150, 150, 150, 150, 450, 450, 150, 450, 150, 450, 450, 150, 150, 150, 150, 150, 1050],
    blip: [50, 2950],
    heartbeat: [80, 120, 80, 1720],
    'double-blink': [100, 150, 100, 3650],
    'triple-blink': [100, 150, 100, 150, 100, 3400],
  };
  for (const [name, ms] of Object.entries(roundsOf))
    test(name, () => {
      const pattern = patternNames.find((patternName) => patternName === name);
      const length = ms.reduce((sum, step) => sum + step, 0);
      expect(pattern).toBeDefined();
      if (pattern !== undefined) expect(line(pattern, length)).toEqual(round(...ms));
    });

  test('on and off never change', () => {
    expect(levelAt('on', 123_456)).toEqual({ on: true });
    expect(levelAt('off', 123_456)).toEqual({ on: false });
  });

  test('two-flashes is shown once and is dark afterwards, and all others repeat', () => {
    expect(levelAt('two-flashes', 1_000_000)).toEqual({ on: false });
    expect(levelAt('pulse', 1_000_000)).toEqual({ on: true, nextAt: 1_000_700 });
  });
});

test('every signal has a pattern, and no two signals look alike', () => {
  const shownPatterns = signals.map((signal) => patternOfSignal[signal]);
  expect(new Set(shownPatterns).size).toBe(signals.length);
});

describe('any pattern', () => {
  const steps = fc.array(fc.record({ on: fc.boolean(), ms: fc.integer({ min: 20, max: 60_000 }) }), {
    minLength: 1,
    maxLength: 32,
  });
  const pattern = fc.record({ steps, repeat: fc.boolean() });

  test('has the level of the step at that moment, and is dark when it is over', () => {
    fc.assert(
      fc.property(pattern, fc.double({ min: 0, max: 10_000_000, noNaN: true }), (given, sinceMs) => {
        const length = given.steps.reduce((sum, step) => sum + step.ms, 0);
        const inRoundMs = given.repeat ? sinceMs % length : sinceMs;
        let end = 0;
        const step = given.steps.find(({ ms }) => inRoundMs < (end += ms));
        expect(levelAt(given, sinceMs).on).toBe(step?.on ?? false);
      }),
    );
  });

  test('keeps its level until nextAt and has the other level then; without nextAt it never changes', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.integer({ min: 0, max: 3_000_000 }),
        fc.nat(4_000_000),
        (given, sinceMs, later) => {
          const { on, nextAt } = levelAt(given, sinceMs);
          if (nextAt === undefined) {
            expect(levelAt(given, sinceMs + later).on).toBe(on);
            return;
          }
          expect(nextAt).toBeGreaterThan(sinceMs);
          expect(levelAt(given, nextAt).on).toBe(!on);
          expect(levelAt(given, nextAt - 1).on).toBe(on);
        },
      ),
    );
  });
});
