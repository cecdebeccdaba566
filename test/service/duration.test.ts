import { expect, it } from 'vitest';
import { durationInWords } from '../../service/duration.ts';

it.each([
  [0, '0 ms'],
  [350.4, '350 ms'],
  [999.4, '999 ms'],
  [999.6, '1 s'],
  [1_000, '1 s'],
  [1_550, '1.6 s'],
  [119_900, '119.9 s'],
  [120_000, '2 min'],
  [7_199_000, '120 min'],
  [7_200_000, '2 h'],
  [172_799_000, '48 h'],
  [172_800_000, '2 days'],
])('%d ms is written as %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});
