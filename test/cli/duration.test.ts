// Durations on the command line.
import { expect, it } from 'vitest';
import { parseDuration } from '../../cli/duration.ts';

it.each([
  ['1s', 1_000],
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['366d', 31_622_400_000],
])('the duration %s is read', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each(['', '30', 'm', '0m', '-1h', '1.5h', '2 h', '2H', '1w', '1h30m', '367d', '99999999999d', '1e3s'])(
  '%j is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);
