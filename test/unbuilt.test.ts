// Everything that is declared is used: some running room uses each word of the contract, each topic, configuration key
// and option. Words in comments do not count.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leavesIn, loadSections, sectionNames } from '../config/sections.ts';
import { channels } from '../messages/all.ts';
import { pressReasons } from '../messages/press.ts';
import { signals } from '../messages/button.ts';
import { formsOf, rowNames } from '../tools/message-forms.ts';

const root = join(import.meta.dirname, '..');
/** The rooms that send, receive and read. messages/ and config/ only declare. */
const rooms = [
  'argocd-simulator',
  'broker',
  'cli',
  'doctor',
  'gpio-agent',
  'home-assistant',
  'release-worker',
  'service',
];

function sourceOf(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readFileSync(join(root, folder, file), 'utf8')),
    )
    .join('\n')
    .replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
}

// The agent reads releaseDebounceMs in this file of config/.
const source = `${sourceOf(...rooms)}${readFileSync(join(root, 'config/sections/release-debounce.ts'), 'utf8')}`;
const worker = sourceOf('release-worker');
const isName = (word: string, text = source) => new RegExp(`\\b${word}\\b`).test(text);
/** Whether the text has the word as a string, or as the key of an object. */
const isWord = (word: string, text = source) =>
  new RegExp(`'${word}'|^\\s*'?${word}'?:|[{,] ${word}:`, 'm').test(text);

/** All words that a payload may have as a value, and the names of all its members. */
function spelledIn(schema: unknown): {
  readonly words: readonly string[];
  readonly members: readonly string[];
} {
  const words: string[] = [];
  const members: string[] = [];
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries<unknown>({ ...value })) {
      if ((key === 'enum' || key === 'const') && !Array.isArray(value))
        words.push(...[inner].flat().filter((word) => typeof word === 'string'));
      if (key === 'properties' && typeof inner === 'object' && inner !== null)
        members.push(...Object.keys(inner));
      walk(inner);
    }
  };
  walk(schema);
  return { words, members };
}

test('no page and no source promises something that is not built', () => {
  const files = execFileSync('git', ['ls-files', '*.ts', '*.js', '*.md', '*.yaml', '*.yml', '*.json'], {
    cwd: root,
    encoding: 'utf8',
  }).split('\n');
  const shippedFiles = files.filter(
    (file) => file !== '' && !/^test\/|^package-lock/.test(file) && existsSync(join(root, file)),
  );
  const promises =
    /\bnot[ -]yet\b|\b(available|supported|implemented|built|password|users) yet\b|not available in this version/i;
  expect(shippedFiles.length).toBeGreaterThan(300);
  expect(shippedFiles.filter((file) => promises.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

describe('the contract', () => {
  test.each(rowNames)('some room publishes or subscribes to the row %s', (row) => {
    expect(isName(row)).toBe(true);
  });

  test.each(rowNames)('some room spells every word and every member of the row %s', (row) => {
    const { words, members } = spelledIn(formsOf(row).map(({ schema }) => schema));
    expect(
      words.filter((word) => !isWord(word)),
      'words',
    ).toEqual([]);
    expect(
      members.filter((member) => !isName(member)),
      'members',
    ).toEqual([]);
  });

  test('the worker gives every reason for a rejection, and every signal (release-worker/drift/signal.ts)', () => {
    expect(pressReasons.filter((reason) => !isWord(reason, worker))).toEqual([]);
    expect(signals.filter((signal) => !worker.includes(`signal: '${signal}'`))).toEqual([]);
  });

  test('finds names that no room uses', () => {
    expect(isName('historyPut')).toBe(false);
    expect(isWord('bad-signature')).toBe(false);
    expect(channels).not.toHaveProperty('historyPut');
  });
});

describe('the configuration', async () => {
  const leaves = leavesIn(await loadSections(sectionNames));
  const names = leaves.flatMap(({ path, setting }) => [
    path.replace(/^.*\./, ''),
    ...Object.keys(setting.items ?? {}),
  ]);

  test.each([...new Set(names)])('some room reads the key %s', (name) => {
    expect(isName(name)).toBe(true);
  });
});

describe('the metrics', () => {
  const interfaces = [...source.matchAll(/^export interface \w*Metrics \{\n([^}]*)^\}/gm)];
  const methods = interfaces.flatMap(([, body = '']) =>
    [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name = '']) => name),
  );

  test('are found in five rooms', () => {
    expect(interfaces.length).toBeGreaterThanOrEqual(5);
  });

  test.each([...new Set(methods)])('some room counts %s', (name) => {
    expect(source).toMatch(new RegExp(`(?:[mM]etrics|count)\\??\\.${name}\\b`));
  });
});

describe('the commands', () => {
  const cli = sourceOf('cli');
  // `--help-all` is an event of commander, and has no value.
  const options = [...cli.matchAll(/'(?:-\w, )?--(?:no-)?([a-z][a-z-]+)[^']*'/g)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help-all');

  test('are found with their options', () => {
    expect(options).toContain('only');
  });

  test.each([...new Set(options)])('read their option --%s', (name) => {
    const property = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const read = cli.replaceAll(/'[^']*--[^']*'/g, '');
    expect(isName(property, read)).toBe(true);
  });
});
