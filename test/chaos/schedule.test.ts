// The same seed gives the same order of the chaos test.
import { expect, test } from 'vitest';
import { makeSchedule, mixOf } from './schedule.ts';

test('the same seed gives the same 60 rounds, and another seed gives as many rounds of each kind in another order', () => {
  const [schedule, sameSeed, otherSeed] = [makeSchedule(1), makeSchedule(1), makeSchedule(2)];
  expect(schedule).toHaveLength(60);
  expect(sameSeed).toEqual(schedule);
  expect(otherSeed).not.toEqual(schedule);
  expect(mixOf(otherSeed)).toBe(mixOf(schedule));
});

test('nobody presses the button of an agent that is dead or paused', () => {
  const rounds = [1, 2, 3, 4, 5].flatMap((seed) => makeSchedule(seed));
  const impossible = rounds.filter(
    ({ part, press }) => part === 'agent' && press.moment === 'during' && press.source === 'button',
  );
  expect(impossible).toEqual([]);
  expect(new Set(rounds.map(({ press }) => `${press.moment} ${press.source}`)).size).toBe(9);
});
