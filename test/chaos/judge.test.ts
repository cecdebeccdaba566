// Which late POSTs the chaos test excuses.
import { expect, test } from 'vitest';
import { isCaughtSending } from './judge.ts';
import type { Away } from './rounds.ts';

const noted = 10_000;
const stopped = (part: Away['part'], from: number): Away => ({ part, from, to: from + 22_000 });

test.each<[string, boolean, Away]>([
  [
    'is excused where the worker was stopped right after it had noted that it sends',
    true,
    stopped('worker main', 10_015),
  ],
  ['is not where it was stopped before, since it looks again', false, stopped('worker main', 9_900)],
  ['is not where it was stopped long after', false, stopped('worker main', 10_400)],
  ['is not for another part', false, stopped('broker', 10_015)],
])('a late POST %s', (_, excused, away) => {
  expect(isCaughtSending(noted, [stopped('agent', 1_000), away])).toBe(excused);
});

test('a POST that was never recorded is not excused', () => {
  expect(isCaughtSending(Infinity, [stopped('worker main', 10_015)])).toBe(false);
});
