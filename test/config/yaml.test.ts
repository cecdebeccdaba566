// Broken, hostile and unusual YAML.
import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../config/yaml.ts';
import { failure, onlyProblem } from './support.ts';

describe('a file that is not YAML', () => {
  test.each([
    ['log:\n  level: info\n level: x\n', 3, 'indentation'],
    ['log:\n\tlevel: info\n', 2, 'a tab is used to indent'],
    ['log:\n  level: info\n  level: debug\n', 3, 'there twice'],
    ['log:\n  level: info\nlog:\n  level: debug\n', 3, 'there twice'],
    ['log: {level: info\nmqtt:\n', 2, 'indentation'],
    ['log: {level: info', 1, 'not closed'],
    ['log:\n  level: "info\n', 3, 'missing'],
    ['log: a: b\n', 1, 'second `:`'],
    ['log: @x\n', 1, 'put it in quotes'],
    ['log:\n  level: *x\n', 2, 'refers to no'],
    ['log: [*x, &x info]\n', 1, 'refers to no'],
    ['log: !x y\n', 1, 'tags'],
    ['log:\n---\nmqtt:\n', 2, 'second document'],
    ['? [a]\n: b\n', 1, 'a key must be plain text'],
  ])('%j is refused with the line', async (file, line, message) => {
    const { problems } = await failure({ file });
    expect(problems[0]).toMatchObject({
      key: 'config/release-button.yaml',
      origin: `config/release-button.yaml:${line}`,
    });
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.message).toMatch(new RegExp(`line ${line}, column \\d+`));
  });

  test('what might be in it is not reported as missing, what is in the environment still is', async () => {
    const { problems } = await failure({
      file: 'argocd: {token: "x',
      required: ['argocd.token'],
      env: { RELEASE_BUTTON_WORKER_BUTTONS: '', RELEASE_BUTTON_LOG_LEVLE: 'x' },
    });
    expect([...new Set(problems.map(({ key }) => key))]).toEqual([
      'config/release-button.yaml',
      'RELEASE_BUTTON_LOG_LEVLE',
    ]);
  });

  test('at most five faults are told: the rest is their echo', async () => {
    const { problems } = await failure({ file: 'a: a: b\n'.repeat(20) });
    expect(problems).toHaveLength(5);
  });
});

describe('hostile YAML', () => {
  test('aliases that multiply are refused', async () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [name, below] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map((pair) => pair.split(''))) {
      levels.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${below}`).join(', ')}]`);
    }
    expect((await onlyProblem({ file: levels.join('\n') })).message).toContain(
      'aliases (*name) repeat more than',
    );
  });

  test.each([30, 100_000])('lists nested %i deep are refused', async (depth) => {
    const { problems } = await failure({ file: `log: ${'['.repeat(depth)}${']'.repeat(depth)}` });
    expect(problems[0]?.message).toContain('nested');
  });

  test('a key __proto__ is a key like any other', () => {
    const parsed = parseYaml('a: {__proto__: {b: 1}}');
    if ('faults' in parsed) throw new Error('expected a value');
    expect(Reflect.get(parsed.value ?? {}, 'a')).not.toHaveProperty('b');
    expect(JSON.stringify(parsed.value)).toBe('{"a":{"__proto__":{"b":1}}}');
  });
});

test('numbers and booleans that are keys are names', () => {
  const parsed = parseYaml('{1: a, on: b, true: c}');
  expect(parsed).toMatchObject({ value: { '1': 'a', on: 'b', true: 'c' } });
});

test('every key and list entry has its line, also behind aliases and as far as a path leads', () => {
  const parsed = parseYaml('a:\n  - x: &v\n      y: 1\n  - *v\nb: {c: 1,\n  d: 2}\n');
  if ('faults' in parsed) throw new Error('expected a value');
  const lines = [['a'], ['a', 0], ['a', 0, 'x', 'y'], ['a', 1], ['a', 1, 'y'], ['b', 'd'], ['b', 'nope'], []];
  expect(lines.map((path) => parsed.lineOf(path))).toEqual([1, 2, 3, 4, 3, 6, 5, 1]);
});
