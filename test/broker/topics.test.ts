import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSubscriptions } from '../../broker/subscriptions.ts';
import { isTopicFilter, isTopicName, matches } from '../../broker/topics.ts';

describe('matching a filter with a topic', () => {
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
  ])('gives for %s and %s: %s', (filter, topic, expected) => {
    expect(matches(filter, topic)).toBe(expected);
  });

  const topic = fc.array(fc.constantFrom('a', 'b', '', 'ab'), { minLength: 1, maxLength: 5 });

  test('is true for the topic itself, with any level replaced by +, and for any of its beginnings with /#', () => {
    fc.assert(
      fc.property(topic, fc.nat(4), (levels, position) => {
        const name = levels.join('/');
        const replaced = levels.map((level, index) => (index === position ? '+' : level)).join('/');
        expect(matches(replaced, name)).toBe(true);
        const beginning = levels.slice(0, position + 1).join('/');
        expect(matches(`${beginning}/#`, name)).toBe(true);
        expect(matches(`${name}/+`, name)).toBe(false);
      }),
    );
  });

  test('gives the subscriptions of a connection whose filter matches', () => {
    const filter = fc.oneof(topic, fc.array(fc.constantFrom('a', '+', ''), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(filter), topic, (filters, levels) => {
        const subscriptions = createSubscriptions();
        const unique = [...new Set(filters.map((levels) => levels.join('/')))];
        for (const filter of unique) subscriptions.set({ filter, qos: 1, identifier: undefined });
        const name = levels.join('/');
        const matching = subscriptions.matching(name).map((subscription) => subscription.filter);
        expect(matching.toSorted()).toEqual(unique.filter((filter) => matches(filter, name)).toSorted());
        expect(subscriptions.size()).toBe(unique.length);
        for (const filter of unique) subscriptions.delete(filter);
        expect(subscriptions.size()).toBe(0);
      }),
    );
  });
});

test.each(['', 'a/+', '#', 'a\0'])('%j is not a topic to publish to', (name) => {
  expect(isTopicName(name)).toBe(false);
});

test.each(['', 'a+', '+a', 'a/#/b', 'a#', 'a\0'])('%j is not a filter', (filter) => {
  expect(isTopicFilter(filter)).toBe(false);
});

test.each(['a', '/', '+', '#', '+/+', 'a/+/b/#', '$SYS/#'])('%j is a filter', (filter) => {
  expect(isTopicFilter(filter)).toBe(true);
});
