import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSubscriptions } from '../../broker/subscriptions.ts';
import { isTopicFilter, isTopicName, matches } from '../../broker/topics.ts';

describe('matching', () => {
  test.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/b/c', false],
    ['+', '/a', false],
    ['+/+', '/a', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['#', 'a/b', true],
    ['#', '$SYS/a', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/a', true],
    ['a/+/c', 'a//c', true],
  ])('%s and %s: %s', (filter, topic, expected) => {
    expect(matches(filter, topic)).toBe(expected);
  });

  const topic = fc.array(fc.constantFrom('a', 'b', '', 'ab'), { minLength: 1, maxLength: 5 });

  test('a topic matches itself with any level replaced by +, and any of its beginnings with /#', () => {
    fc.assert(
      fc.property(topic, fc.nat(4), (levels, place) => {
        const name = levels.join('/');
        const replaced = levels.map((level, index) => (index === place ? '+' : level)).join('/');
        expect(matches(replaced, name)).toBe(true);
        const beginning = levels.slice(0, place + 1).join('/');
        expect(matches(`${beginning}/#`, name)).toBe(true);
        expect(matches(`${name}/+`, name)).toBe(false);
      }),
    );
  });

  test('the matching subscriptions of a connection are those whose filter matches', () => {
    const filter = fc.oneof(topic, fc.array(fc.constantFrom('a', '+', ''), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(filter), topic, (filters, levels) => {
        const subscriptions = createSubscriptions();
        const unique = [...new Set(filters.map((one) => one.join('/')))];
        for (const one of unique) subscriptions.set({ filter: one, qos: 1, identifier: undefined });
        const name = levels.join('/');
        const found = subscriptions.matching(name).map((subscription) => subscription.filter);
        expect(found.toSorted()).toEqual(unique.filter((one) => matches(one, name)).toSorted());
        expect(subscriptions.size()).toBe(unique.length);
        for (const one of unique) subscriptions.delete(one);
        expect(subscriptions.size()).toBe(0);
      }),
    );
  });
});

test.each(['', 'a/+', '#', 'a\0'])('%j is no topic to publish to', (name) => {
  expect(isTopicName(name)).toBe(false);
});

test.each(['', 'a+', '+a', 'a/#/b', 'a#', 'a\0'])('%j is not a filter', (filter) => {
  expect(isTopicFilter(filter)).toBe(false);
});

test.each(['a', '/', '+', '#', '+/+', 'a/+/b/#', '$SYS/#'])('%j is a filter', (filter) => {
  expect(isTopicFilter(filter)).toBe(true);
});
