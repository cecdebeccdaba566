// Home Assistant must not read a commit as a version. It would compare the two, and would not show an older "version" as
// an update.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordBefore } from '../../home-assistant/worker-application.ts';

/** What AwesomeVersion 24.6 to 25.8 reads as a version (`utils/regex.py`), after a `v` or `V`. */
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

test.each(['3161327', '12345b6', '98d7186'])(
  'without a word before it, the hash %s reads as a version',
  (hash) => {
    expect(isVersion(hash)).toBe(true);
  },
);

test('with the word before it, no hash reads as a version', () => {
  fc.assert(
    fc.property(shortHash, fc.constantFrom(...Object.values(wordBefore)), (hash, word) => {
      expect(isVersion(`${word}${hash}`)).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
