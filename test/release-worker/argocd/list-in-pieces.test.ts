// A long list read piece by piece gives the same result as a list read as a whole.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import * as z from 'zod/mini';
import { listInPieces } from '../../../release-worker/argocd/list-in-pieces.ts';

const anything = z.looseObject({});
/** Makes any list long enough to be read in pieces. */
const filler = { filler: 'x'.repeat(200_000) };

test('the items are the same as in a parse of the whole text', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 20 }),
      fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()))),
      fc.constantFrom(undefined, 1, '\n'),
      async (items, before, space) => {
        const { items: _, ...others } = before;
        const text = JSON.stringify({ ...others, items: [...items, filler] }, null, space);
        const found = await listInPieces(text, anything);
        expect(found).toEqual(z.object({ items: z.array(anything) }).parse(JSON.parse(text)));
      },
    ),
    { numRuns: 50 },
  );
});

describe('what it does not read', () => {
  const long = JSON.stringify({ items: [{ a: 1 }, filler] });
  it.each([
    ['a short list', '{"items":[{"a":1}]}'],
    ['an answer that is cut off', long.slice(0, -1)],
    ['a list with something after it', `${long}x`],
    ['a list without items', JSON.stringify({ items: null, ...filler })],
    ['a web page', `<html>${'x'.repeat(200_000)}</html>`],
    ['items that are no objects', JSON.stringify({ items: [1, filler] })],
    ['nothing between two items', long.replace('},{', '}{')],
  ])('is %s', async (_, text) => {
    expect(await listInPieces(text, anything)).toBeUndefined();
  });

  it('is a list with an item that the schema refuses', async () => {
    expect(await listInPieces(long, z.object({ name: z.string() }))).toBeUndefined();
  });
});
