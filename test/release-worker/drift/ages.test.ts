import { expect, test } from 'vitest';
import { createDriftAges } from '../../../release-worker/drift/ages.ts';
import { drifted, whole } from '../support/records.ts';

test('the oldest is the one that has been out of sync for longest, of those asked about', () => {
  const ages = createDriftAges();
  ages.look([drifted('a')], 100);
  ages.look([drifted('a'), drifted('b')], 200);
  expect(ages.oldest([drifted('a'), drifted('b')])).toBe(100);
  expect(ages.oldest([drifted('b'), whole({ name: 'c' })])).toBe(200);
  expect(ages.oldest([whole({ name: 'c' })])).toBeUndefined();
});

test('a new target is no new drift; one that was in sync in between is', () => {
  const ages = createDriftAges();
  ages.look([drifted('a', { target: 'one' })], 100);
  ages.look([drifted('a', { target: 'two' })], 200);
  expect(ages.oldest([drifted('a')])).toBe(100);
  ages.look([whole({ name: 'a' })], 300);
  ages.look([drifted('a')], 400);
  expect(ages.oldest([drifted('a')])).toBe(400);
});

test('an application that is gone, or going, is forgotten', () => {
  const ages = createDriftAges();
  ages.look([drifted('a'), drifted('b')], 100);
  ages.look([drifted('b', { deleting: true })], 200);
  expect(ages.oldest([drifted('a'), drifted('b')])).toBeUndefined();
});
