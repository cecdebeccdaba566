import { describe, expect, test } from 'vitest';
import { intervalsOf, judge } from './oracle.ts';
import { makePlan, planText, type Step } from './plan.ts';

const numbers = { presses: 100, spikes: 500 };
const plan = makePlan(1, numbers);

const durations = (steps: readonly Step[], ...parts: readonly Step['part'][]) =>
  steps.filter(({ part }) => parts.includes(part)).map(({ us }) => us);

describe('a plan', () => {
  test('is the same for the same seed, and differs for another seed', () => {
    expect(makePlan(1, numbers)).toEqual(plan);
    expect(makePlan(2, numbers)).not.toEqual(plan);
  });

  test('has the requested numbers of presses and spikes', () => {
    expect(new Set(plan.flatMap(({ press }) => press ?? []))).toHaveLength(100);
    expect(durations(plan, 'spike', 'dropout')).toHaveLength(500);
    expect(durations(plan, 'dropout').length).toBeGreaterThan(0);
    expect(durations(makePlan(1, { presses: 1, spikes: 0 }), 'press')).toHaveLength(1);
  });

  test('changes the level at every step, from released to released', () => {
    expect([plan[0]?.pressed, plan.at(-1)?.pressed]).toEqual([false, false]);
    for (const [index, { pressed }] of plan.entries())
      if (index > 0) expect(pressed).not.toBe(plan[index - 1]?.pressed);
  });

  test('holds presses longer than the debounce time, and spikes and bounces shorter', () => {
    expect(Math.min(...durations(plan, 'press'))).toBeGreaterThanOrEqual(40_000);
    expect(Math.max(...durations(plan, 'spike', 'dropout'))).toBeLessThanOrEqual(20_000);
    for (const [index, { part, us }] of plan.entries())
      if (part === 'gap' && plan[index - 1]?.press !== undefined) expect(us).toBeGreaterThanOrEqual(120_000);
    expect(Math.max(...durations(plan, 'bounce'))).toBeLessThanOrEqual(5_000);
    expect(Math.min(...durations(plan, 'bounce', 'spike'))).toBeGreaterThanOrEqual(100);
  });

  test('results in exactly its presses, by the oracle', () => {
    let at = 0;
    const writes = plan.map(({ pressed, us }) => {
      const write = { pressed, before: at, after: at };
      at += us / 1000;
      return write;
    });
    const { missed } = judge(intervalsOf(writes, at), [], {
      debounceMs: 30,
      releaseDebounceMs: 100,
      toleranceMs: 2,
      goesOutAt: 'press',
      lagMs: 0,
      heldToleranceMs: 0,
    });
    expect(missed.map((index) => plan[index]?.press)).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    );
  });
});

test('a plan is written in the format of the stimulus, with pressed as low or as high', () => {
  const steps: readonly Step[] = [
    { pressed: false, us: 80_000, part: 'gap' },
    { pressed: true, us: 60_000, part: 'press', press: 0 },
  ];
  expect(planText(steps, true)).toBe('1 80000\n0 60000\n');
  expect(planText(steps, false)).toBe('0 80000\n1 60000\n');
});
