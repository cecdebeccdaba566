// No commit may read as a version to Home Assistant, which would compare it: an older "version" is no update.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordBefore } from '../../home-assistant/worker-application.ts';

/** What AwesomeVersion 24.6 to 25.8 takes for a version (its `utils/regex.py`), after a `v` or `V` in front of it. */
const versions: readonly RegExp[] = [
  /^\d+$/,
  /^(\d{2}|\d{4})\.\d{1,2}?(\.?\d{1,2}?\.?)?(\.\d)?(\d*(\w+\d+)?)$/,
  /^0x[A-Fa-f0-9]+$/,
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9a-zA-Z.-]+)?(\+[0-9a-zA-Z.-]+)?$/,
  /^(latest|dev|stable|beta)$/,
  /^[vV]?((\d+)(\.\d+)+)$/,
  /^([1-9][0-9]*!)?(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*([-_.]?(alpha|beta|c|pre|preview|a|b|rc)(0|[1-9][0-9]*))?([-_.]?(post|r|rev)(0|[1-9][0-9]*))?([-_.]?(d|dev)(0|[1-9][0-9]*))?(\+([a-z0-9]+([-_.][a-z0-9]+)*))?$/,
];
const isVersion = (text: string) => {
  const plain = text.trim().replace(/^[vV]\.?/, '');
  return versions.some((pattern) => pattern.test(plain));
};

const shortHash = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'.split('')),
  minLength: 7,
  maxLength: 7,
});

test.each(['3161327', '12345b6', '98d7186'])('the bare hash %s reads as a version', (hash) => {
  expect(isVersion(hash)).toBe(true);
});

test('with the word before it none does', () => {
  fc.assert(
    fc.property(shortHash, fc.constantFrom(...Object.values(wordBefore)), (hash, word) => {
      expect(isVersion(`${word}${hash}`)).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
