// Topics: which characters they may contain, and that a topic and its parameters determine each other.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channels } from '../../messages/all.ts';
import { buttonPress } from '../../messages/press.ts';
import { app, drift } from '../../messages/drift.ts';
import { rowNames } from '../../tools/message-forms.ts';
import { ledState } from '../../messages/led.ts';
import { reply } from '../../messages/requests.ts';
import { workerInfo } from '../../messages/worker.ts';
import { id, kubernetesName, topicLevel } from './arbitraries.ts';

/**
 * Characters that one level of a topic must not have: its separator, the wildcards, control characters, halves of a
 * surrogate pair.
 */
const forbidden = ['/', '+', '#', '\0', '\n', '\u007f', '\u0085', '\ud800', '\uffff'];

describe('the value of a parameter', () => {
  test.each(['main', '0', 'a_b-c', 'a'.repeat(63)])('the id %s is accepted', (button) => {
    expect(buttonPress.at({ button }).topic).toBe(`button/${button}/press`);
  });

  test.each(['', 'Main', '-a', '_a', 'a.b', 'a b', 'é', 'a'.repeat(64), 'main\n', '..', '$SYS', '__proto__'])(
    'the id %j is refused',
    (button) => {
      expect(() => buttonPress.at({ button })).toThrow(RangeError);
      expect(() => buttonPress.filter({ button })).toThrow(RangeError);
    },
  );

  test('refusing it names the value, the placeholder and the topic', () => {
    expect(() => buttonPress.at({ button: 'a/b' })).toThrow(
      '"a/b" is not a valid <button> for the topic button/<button>/press',
    );
  });

  test.each(['argocd', 'a.b-c', 'a'.repeat(253)])('the Kubernetes name %s is accepted', (name) => {
    expect(app.at({ worker: 'main', namespace: 'argocd', name }).topic).toBe(
      `worker/main/app/argocd/${name}`,
    );
  });

  test.each(['', '.a', 'a.', 'A', 'a_b', 'a'.repeat(254)])('the Kubernetes name %j is refused', (name) => {
    expect(() => app.at({ worker: 'main', namespace: 'argocd', name })).toThrow(RangeError);
    expect(() => app.at({ worker: 'main', namespace: name, name: 'guestbook' })).toThrow(RangeError);
  });

  test.each(['b7e0', '漢字', 'a b', '🚀'.repeat(64)])('a request may have the id %s', (request) => {
    expect(reply.at({ request }).topic).toBe(`reply/${request}`);
  });

  test.each(['', 'a/b', '+', 'a'.repeat(65)])('a request with the id %j gets no reply', (request) => {
    expect(() => reply.at({ request })).toThrow(RangeError);
  });

  test('any text leaves a topic its levels, and adds no wildcard or control character', () => {
    const nasty = fc
      .array(fc.oneof(fc.constantFrom(...forbidden), fc.string({ unit: 'binary', maxLength: 3 })), {
        maxLength: 4,
      })
      .map((parts) => parts.join(''));
    const forbiddenPattern = new RegExp(
      `[${forbidden.filter((character) => character !== '/').join('')}]`,
      'u',
    );
    const topicOf = (makeTopic: () => string) => {
      try {
        return makeTopic();
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return undefined;
      }
    };
    fc.assert(
      fc.property(nasty, (value) => {
        const topics = [
          topicOf(() => buttonPress.at({ button: value }).topic),
          topicOf(() => buttonPress.filter({ button: value }).filter),
          topicOf(() => drift.at({ worker: value }).topic),
          topicOf(() => `0/${reply.at({ request: value }).topic}`),
        ];
        for (const topic of topics) {
          if (topic === undefined) continue;
          expect(topic.split('/')).toHaveLength(3);
          expect(topic).not.toMatch(forbiddenPattern);
        }
      }),
    );
  });

  test.each(forbidden)('%j is refused for every placeholder', (character) => {
    const value = `a${character}a`;
    expect(() => buttonPress.at({ button: value })).toThrow(RangeError);
    expect(() => ledState.at({ led: value })).toThrow(RangeError);
    expect(() => channels.agentInfo.at({ agent: value })).toThrow(RangeError);
    expect(() => workerInfo.at({ worker: value })).toThrow(RangeError);
    expect(() => app.at({ worker: 'main', namespace: value, name: 'a' })).toThrow(RangeError);
    expect(() => app.at({ worker: 'main', namespace: 'a', name: value })).toThrow(RangeError);
    expect(() => reply.at({ request: value })).toThrow(RangeError);
  });
});

describe('a filter of topics', () => {
  test('matches anything where a parameter is missing', () => {
    expect(buttonPress.filter().filter).toBe('button/+/press');
    expect(buttonPress.filter({}).filter).toBe('button/+/press');
    expect(app.filter({ namespace: 'argocd' }).filter).toBe('worker/+/app/argocd/+');
    expect(app.filter().filter).toBe('worker/+/app/+/+');
    expect(drift.filter().filter).toBe('worker/+/drift');
  });

  test('matches only the given value of a parameter', () => {
    expect(buttonPress.filter({ button: 'main' }).filter).toBe('button/main/press');
  });
});

describe('reading a topic', () => {
  const params = fc.record({
    button: id,
    led: id,
    agent: id,
    worker: id,
    namespace: kubernetesName,
    name: kubernetesName,
    request: topicLevel,
  });
  const usedParameters = (template: string, parameters: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(parameters).filter(([name]) => template.includes(`<${name}>`)));

  test.each(rowNames)('of %s returns the parameters that it was made of', (row) => {
    const channel = channels[row];
    fc.assert(
      fc.property(params, (all) => {
        expect(channel.filter().match(channel.at(all).topic)).toEqual(usedParameters(channel.template, all));
      }),
      { numRuns: 50 },
    );
  });

  test.each(rowNames)('of %s returns parameters that make the same topic again', (row) => {
    const channel = channels[row];
    const level = fc.oneof(
      id,
      kubernetesName,
      topicLevel,
      fc.constantFrom('', '+', '#', 'press', 'main', '$SYS', '__proto__', 'constructor', 'a\0'),
    );
    const fixed = channel.template.split('/');
    const topic = fc.oneof(
      fc.array(level, { maxLength: 5 }),
      fc.tuple(...fixed.map((part) => (part.startsWith('<') ? level : fc.constant(part)))),
    );
    let matched = 0;
    fc.assert(
      fc.property(topic, (levels) => {
        const text = levels.join('/');
        const parameters = channel.filter().match(text);
        if (parameters === undefined) return;
        matched += 1;
        const filled = { ...exampleOf(parameters) };
        expect(channel.at(filled).topic).toBe(text);
      }),
    );
    expect(matched).toBeGreaterThan(0);
  });

  test.each(rowNames)('of %s is possible with no other row', (row) => {
    fc.assert(
      fc.property(params, (all) => {
        const { topic } = channels[row].at(all);
        expect(rowNames.filter((otherRow) => channels[otherRow].filter().match(topic) !== undefined)).toEqual(
          [row],
        );
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    'button/main/press/',
    '/button/main/press',
    'button//press',
    'button/main',
    'button/+/press',
    'button/Main/press',
    'button/main/Press',
    'release-button/button/main/press',
    '',
  ])('%j is not the topic of a press', (topic) => {
    expect(buttonPress.filter().match(topic)).toBeUndefined();
  });
});

function exampleOf(parameters: Readonly<Record<string, string>>) {
  const {
    button = '',
    led = '',
    agent = '',
    worker = '',
    namespace = '',
    name = '',
    request = '',
  } = parameters;
  return { button, led, agent, worker, namespace, name, request };
}
