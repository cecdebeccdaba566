// Finds the name that is nearest to a misspelt one.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../../messages/nearest.ts';

describe('the edit distance', () => {
  test.each([
    ['token', 'token', 0],
    ['tokne', 'token', 1],
    ['tken', 'token', 1],
    ['tokens', 'token', 1],
    ['taken', 'token', 1],
    ['', 'token', 5],
    ['ca', 'abc', 3],
  ])('from %j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test('is the same both ways, 0 only for equal texts, and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('the nearest name', () => {
  const known = ['url', 'topicPrefix', 'keepAliveSeconds'];

  test.each([
    ['ulr', 'url'],
    ['keep_alive_seconds', 'keepAliveSeconds'],
    ['KEEPALIVE', undefined],
    ['keepAliveSec', 'keepAliveSeconds'],
    ['somethingElse', undefined],
    ['x'.repeat(10_000), undefined],
  ])('to %.20j is %j', (name, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });
});
