// What is remembered of applications that were out of sync and cannot be compared, and the journal's lines about them.
import { expect, it } from 'vitest';
import { createLostComparisons } from '../../../release-worker/drift/lost-comparisons.ts';

it('tells what is lost and found since the last time, and nothing of what came back in between', () => {
  const book = createLostComparisons();
  book.note('a', 'unknown', true, 100);
  book.note('a', 'unknown', false, 200);
  book.note('b', 'unknown', true, 200);
  book.note('b', 'other', false, 300);
  book.note('in-sync-before', 'unknown', false, 300);
  expect(book.get('a')).toEqual({ key: 'a', at: 100 });
  expect(book.changes()).toEqual({ lost: ['a'], found: [] });
  expect(book.changes()).toBeUndefined();
  book.note('a', 'other', false, 400);
  expect(book.changes()).toEqual({ lost: [], found: ['a'] });
});

it('goes on with what a former run has noted, and tells what is no longer so', () => {
  const book = createLostComparisons();
  for (const key of ['still', 'compared', 'gone']) book.remember(key, 50);
  book.note('still', 'unknown', false, 100);
  book.note('compared', 'other', false, 100);
  expect(book.get('still')).toEqual({ key: 'still', at: 50 });
  book.complete();
  expect([...book.all()]).toEqual([{ key: 'still', at: 50 }]);
  expect(book.changes()).toEqual({ lost: [], found: ['compared', 'gone'] });
});
