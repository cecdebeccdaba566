// Broken, hostile and unusual YAML.
import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../../config/yaml/parse.ts';
import { failure, onlyProblem } from '../support.ts';

describe('a file that is not YAML', () => {
  test.each([
    ['log:\n  level: info\n level: x\n', 3, '`level` is indented by 1 space'],
    ['log:\n\tlevel: info\n', 2, 'a tab is used to indent'],
    ['log:\n  level: info\n  level: debug\n', 3, 'the key `level` appears twice, first in line 2'],
    ['log:\n  level: info\nlog:\n  level: debug\n', 3, 'the key `log` appears twice, first in line 1'],
    ['log: {level: info\nmqtt:\n', 1, 'the `{` here is not closed'],
    ['log: {level: info', 1, 'the `{` here is not closed'],
    ['agent: {buttons: [{line: 4}}', 1, 'the `[` in column 18 is not closed before this `}`'],
    ['agent:\n  buttons: [{line: 4},\n    {line: 5}}\n', 3, 'the `[` in line 2, column 12 is not closed'],
    ['log: {level: info}}\n', 1, 'one too many'],
    ['log: {level: info,, format: json}\n', 1, 'this `,` is one too many'],
    ['log:\n  level: "info\n', 2, 'the quote `"` here is not closed'],
    ["agent:\n  buttons:\n  - title: it's\n  - title: 'it\n", 4, "the quote `'` here is not closed"],
    ["agent:\n  buttons:\n  - title: 'it's'\n", 3, 'the quoted text ends before this'],
    ['log: a: b\n', 1, 'second `:`'],
    ['log: @x\n', 1, 'cannot begin with `@`'],
    ['log:\n  level: *x\n', 2, 'refers to no'],
    ['log: [*x, &x info]\n', 1, 'refers to no'],
    ['log: !x y\n', 1, 'tags'],
    ['log:\n---\nmqtt:\n', 2, 'second document'],
    ['? [a]\n: b\n', 1, 'a key must be plain text'],
    ['log\n  level: info\n', 1, 'a `:` is missing'],
    ['log:\n  level: info\n  format\n', 3, 'a `:` is missing'],
    ['log: {level: info format: json}\n', 1, 'a comma is missing'],
    [
      'agent:\n  buttons:\n    - {}\n   - {}\n',
      4,
      'the entry is indented by 3 spaces, but the entry before it in line 3 is indented by 4',
    ],
    ['log:\n  level: info\n  - x\n', 3, 'cannot be beside keys'],
  ])('%j is refused with the line', async (file, line, message) => {
    const { problems } = await failure({ file });
    expect(problems[0]).toMatchObject({
      key: 'config/release-button.yaml',
      origin: `config/release-button.yaml:${line}`,
    });
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.message).toMatch(new RegExp(`line ${line}, column \\d+`));
  });

  test.each([
    [
      'log:\n  level: info\n format: json\n',
      3,
      'format',
      'by 2 spaces if it belongs beside `level`, or indent it by 0',
    ],
    ['log:\n    level: info\n  format: json\n', 3, 'format', 'by 4 spaces if it belongs beside `level`'],
    ['log:\n  level: info\n    format: json\n', 3, 'format', 'by 2 spaces if it belongs beside `level`'],
    [
      'agent:\n  buttons:\n    - id: main\n     line: 4\n',
      4,
      'line',
      'by 6 spaces if it belongs beside `id`',
    ],
    [
      'agent:\n  buttons:\n    - id: main\n       line: 4\n',
      4,
      'line',
      'by 6 spaces if it belongs beside `id`',
    ],
    ['agent:\n  buttons:\n    - id: main\n    line: 4\n', 4, 'line', 'by 6 spaces if it belongs beside `id`'],
    [
      'agent:\n  buttons:\n    - id: main\n   line: 4\n',
      4,
      'line',
      'by 2 spaces if it belongs beside `buttons`',
    ],
  ])(
    'with one space too few or too many (%j) is one problem, with both lines shown',
    async (file, line, key, remedy) => {
      const problem = await onlyProblem({ file });
      expect(problem.message).toContain(`\`${key}\` is indented by`);
      expect(problem.remedy).toContain(remedy);
      expect(problem.origin).toBe(`config/release-button.yaml:${line}`);
      const excerptLine = problem.excerpt?.find((text) => text.startsWith(`${line} | `));
      expect(excerptLine).toBe(`${line} | ${file.split('\n')[line - 1]}`);
      expect(problem.excerpt).toHaveLength(3);
      // The mark is below the key.
      expect(problem.excerpt?.at(-1)?.indexOf('^')).toBe(excerptLine?.indexOf(key));
    },
  );

  test.each([
    'mqtt:\n  url: mqtt://me:hunter2@broker\n   password: hunter2\n',
    'mqtt:\n  password: "hunter2\n',
    'mqtt:\n  password: @hunter2\n',
    'mqtt:\n  password: |\n    x\n   hunter2\n',
    'argocd:\n  headers: |\n    x-a: b\n   Cookie: hunter2\n',
    'argocd:\n  headers: |\n    x-a: b\nCookie: hunter2\n  c: d\n',
    'argocd: {token: hunter2\n',
    'argocd: {server: a, "token": hunter2 ]\n',
    'mqtt:\n  passwort: @hunter2\n',
    'worker:\n  token: @hunter2\n',
    '  password: hunter2\n x: y\n',
    'mqtt:\n  password: abc: hunter2\n',
    'mqtt:\n  password: *hunter2\n',
  ])('shows no secret in its problem: %j', async (file) => {
    const { message } = await failure({ file });
    expect(message).toContain('is not YAML');
    expect(message).not.toContain('hunter2');
  });

  test('does not lead to missing settings, but faults of the environment are reported', async () => {
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

  test('leads to at most five faults, because others only follow from them', async () => {
    const { problems } = await failure({ file: 'a: a: b\n'.repeat(20) });
    expect(problems).toHaveLength(5);
  });
});

describe('hostile YAML', () => {
  test('is refused if aliases multiply', async () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [name, below] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map((pair) => pair.split(''))) {
      levels.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${below}`).join(', ')}]`);
    }
    expect((await onlyProblem({ file: levels.join('\n') })).message).toContain(
      'aliases (*name) repeat more than',
    );
  });

  test.each([30, 100_000])('is refused if lists are nested %i levels deep', async (depth) => {
    const { problems } = await failure({ file: `log: ${'['.repeat(depth)}${']'.repeat(depth)}` });
    expect(problems[0]?.message).toContain('nested');
  });

  test('may have a key __proto__, which is a key like any other', () => {
    const parsed = parseYaml('a: {__proto__: {b: 1}}');
    if ('faults' in parsed) throw new Error('expected a value');
    expect(Reflect.get(parsed.value ?? {}, 'a')).not.toHaveProperty('b');
    expect(JSON.stringify(parsed.value)).toBe('{"a":{"__proto__":{"b":1}}}');
  });
});

test('may have numbers and booleans as keys, which are names', () => {
  const parsed = parseYaml('{1: a, on: b, true: c}');
  expect(parsed).toMatchObject({ value: { '1': 'a', on: 'b', true: 'c' } });
});

test('has a line for every key and list entry, also behind aliases, and for the known part of a path', () => {
  const parsed = parseYaml('a:\n  - x: &v\n      y: 1\n  - *v\nb: {c: 1,\n  d: 2}\n');
  if ('faults' in parsed) throw new Error('expected a value');
  const lines = [['a'], ['a', 0], ['a', 0, 'x', 'y'], ['a', 1], ['a', 1, 'y'], ['b', 'd'], ['b', 'nope'], []];
  expect(lines.map((path) => parsed.lineOf(path))).toEqual([1, 2, 3, 4, 3, 6, 5, 1]);
});
