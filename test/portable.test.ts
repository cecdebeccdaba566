// What a checkout needs on macOS and Windows, as far as a test on Linux can check it.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from 'prettier';
import { describe, expect, it, onTestFinished } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { unfitFor } from './support/platforms.ts';

const root = join(import.meta.dirname, '..');

describe('the npm scripts', () => {
  it.each(Object.entries(packageJson.scripts))('%s works in cmd.exe', (_, script) => {
    // The only syntax that cmd.exe shares with sh: `&&` and double quotes.
    expect(script).not.toMatch(/['$`;\\]|(?<!&)&(?!&)/);
    for (const command of script.split('&&')) expect(command.trim()).toMatch(/^(node|npm run|[a-z-]+)( |$)/);
  });
});

describe('the list of unit tests that a system skips', () => {
  it('names existing files, none for Linux, and for Windows all files of macOS', () => {
    expect(unfitFor('linux')).toEqual([]);
    expect(unfitFor('win32').filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
    expect(unfitFor('win32')).toEqual(expect.arrayContaining([...unfitFor('darwin')]));
  });
});

describe('.editorconfig', () => {
  it('has the same values as Prettier’s settings and defaults', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'release-button-editor-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(join(root, '.editorconfig'), join(folder, '.editorconfig'));
    const inEditors = await resolveConfig(join(folder, 'any.ts'), { editorconfig: true });
    const prettierSettings: unknown = JSON.parse(readFileSync(join(root, '.prettierrc.json'), 'utf8'));
    expect(inEditors).toEqual({ tabWidth: 2, useTabs: false, endOfLine: 'lf', printWidth: 110 });
    expect(prettierSettings).toMatchObject({ printWidth: 110 });
    expect(Object.keys({ ...inEditors, ...(await resolveConfig(join(root, 'any.ts'))) }).sort()).toEqual([
      'endOfLine',
      'printWidth',
      'singleQuote',
      'tabWidth',
      'useTabs',
    ]);
  });
});
