import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../service/backoff.ts';

describe('the delays between two tries', () => {
  const bounds = fc
    .tuple(fc.integer({ min: 10, max: 10_000 }), fc.integer({ min: 0, max: 100_000 }))
    .map(([minMs, moreFailures]) => ({ minMs, maxMs: minMs + moreFailures }));
  const random = fc.double({ min: 0, max: 1, noNaN: true });

  test('stay within a fifth of the bounds, whatever the number of failures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), bounds, random, (failures, { minMs, maxMs }, chance) => {
        const ms = backoffMs(failures, { minMs, maxMs }, chance);
        expect(ms).toBeGreaterThanOrEqual(Math.floor(minMs * 0.8));
        expect(ms).toBeLessThanOrEqual(Math.ceil(maxMs * 1.2));
      }),
    );
  });

  test('never shrink after more failures: they double until the bound, and then stay', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), bounds, random, (failures, options, chance) => {
        const [delay, next] = [failures, failures + 1].map((count) => backoffMs(count, options, chance));
        expect(next).toBeGreaterThanOrEqual(delay ?? Infinity);
        const middle = backoffMs(failures, options, 0.5);
        expect(middle).toBe(Math.min(options.maxMs, options.minMs * 2 ** (failures - 1)));
      }),
    );
  });
});
