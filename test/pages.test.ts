// What the pages name exists: links, files, commands and their flags, keys, environment variables and metrics.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands as allCommands } from '../cli/commands.ts';
import { fileVariable } from '../config/environment.ts';
import { flagsOf, leavesIn, loadSections, sectionNames } from '../config/sections.ts';
import { pages as pagesWithCommands } from './documents/blocks.ts';

const root = join(import.meta.dirname, '..');
const pages = [...pagesWithCommands, 'SECURITY.md', 'CODE_OF_CONDUCT.md'].map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}));

const everyPage = pages.map(({ path, text }) => [path, text] as const);
const matches = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([match, group]) => group ?? match)),
];
const slugOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
const anchorsOf = (text: string) => new Set(matches(text, /^#+ (.+)$/gm).map(slugOf));

const loaded = await loadSections(sectionNames);
const leaves = leavesIn(loaded);
const keys = leaves.flatMap(({ path, setting }) => [path, ...(setting.secret ? [`${path}File`] : [])]);
const flags = new Set((await flagsOf(sectionNames)).map(({ flag }) => flag));

describe.each(everyPage)('%s', (path, text) => {
  it('links to pages and headings that exist', () => {
    const broken = matches(text, /\]\(([^)\s]+)\)/g).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? join(root, path) : resolve(root, dirname(path), file);
      if (!existsSync(target)) return true;
      return (
        anchor !== undefined && target.endsWith('.md') && !anchorsOf(readFileSync(target, 'utf8')).has(anchor)
      );
    });
    expect(broken).toEqual([]);
  });

  it('links to a page by its own name', () => {
    const links = [...text.matchAll(/\[(?:[\w/]+\/)?([\w-]+\.md)\]\(([^)\s#]*)/g)];
    expect(links.filter(([, name, file]) => file !== '' && name !== basename(file ?? ''))).toEqual([]);
  });

  it('names files of this repository that exist', () => {
    const rooms =
      'argocd-simulator|broker|cli|config|deploy|docs|doctor|gpio-agent|home-assistant|messages|release-worker|service|test|tools';
    const namedFiles = matches(text, new RegExp(`\`((?:${rooms})/[\\w./-]+)\``, 'g'));
    // The reader creates these files.
    const createdByReader = /^config\/(release-button\.yaml|argocd-token|blueprints\/)/;
    expect(namedFiles.filter((file) => !createdByReader.test(file) && !existsSync(join(root, file)))).toEqual(
      [],
    );
  });

  it('names commands and settings that exist', () => {
    const commands = new Set(allCommands.map(({ name }) => name));
    const lines = matches(
      text,
      /(?:^|[\s`])release-button ((?!and|or|is|of|with|takes|for)[a-z][a-z-]+[^\n`|]*)/g,
    );
    const unknown = lines.filter(
      (line) => !commands.has(line.split(' ')[0] ?? '') && /^[a-z-]+ ?(--|\[|$)/.test(line),
    );
    expect(unknown).toEqual([]);
    const namedFlags = matches(
      text,
      /`(--(?:mqtt|log|health|broker|agent|worker|argocd|home-assistant|simulator)-[a-z-]+)/g,
    );
    expect(namedFlags.filter((flag) => !flags.has(flag))).toEqual([]);
  });

  it('names configuration keys and environment variables that exist', () => {
    const namedKeys = matches(
      text,
      /`((?:mqtt|log|health|broker|agent|worker|argocd|homeAssistant|simulator)\.[A-Za-z.]+)`/g,
    );
    const isKnown = (key: string) => keys.some((other) => other === key || other.startsWith(`${key}.`));
    // A member of `worker/<worker>/info`, and a file in the state directory.
    const otherNames = new Set(['argocd.version', 'worker.lock']);
    expect(namedKeys.filter((key) => !key.endsWith('.ts') && !otherNames.has(key) && !isKnown(key))).toEqual(
      [],
    );
    const variables = new Set([
      fileVariable,
      ...leaves.flatMap(({ variable }) => [variable, `${variable}_FILE`]),
    ]);
    const namedVariables = matches(text, /\bRELEASE_BUTTON_[A-Z_]*[A-Z]\b/g);
    const variablesOfTests = /^RELEASE_BUTTON_(CHAOS|TEST|KERNEL)_/;
    expect(namedVariables.filter((name) => !variables.has(name) && !variablesOfTests.test(name))).toEqual([]);
  });
});
