// The same seed gives the same order of the chaos test.
import { expect, test } from 'vitest';
import { makeSchedule, mixOf } from './schedule.ts';

test('the same seed gives the same 60 rounds; another seed gives the same mix in another order', () => {
  const [one, again, other] = [makeSchedule(1), makeSchedule(1), makeSchedule(2)];
  expect(one).toHaveLength(60);
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  expect(mixOf(other)).toBe(mixOf(one));
});

test('nobody presses the button of an agent that is dead or paused', () => {
  const rounds = [1, 2, 3, 4, 5].flatMap((seed) => makeSchedule(seed));
  const impossible = rounds.filter(
    ({ part, press }) => part === 'agent' && press.moment === 'during' && press.source === 'button',
  );
  expect(impossible).toEqual([]);
  expect(new Set(rounds.map(({ press }) => `${press.moment} ${press.source}`)).size).toBe(9);
});
