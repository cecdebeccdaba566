// Runs tools/build.js in a small project. Its compiler and bundler only report their calls and write a file.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { canMount } from '../support/programs.ts';

const script = join(import.meta.dirname, '../../tools/build.js');
const isRoot = process.getuid?.() === 0;

let project: string;
let unlocks: (() => void)[];
beforeEach(() => {
  unlocks = [];
  project = mkdtempSync(join(tmpdir(), 'release-button-build-'));
  const tool = (output: string, fails: string) =>
    `import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
     if (existsSync('${fails}')) { console.error('${fails}'); process.exit(7); }
     mkdirSync('dist/bundle', { recursive: true });
     writeFileSync('${output}', 'made');`;
  write('package.json', JSON.stringify({ type: 'module', engines: packageJson.engines }));
  write('tsconfig.build.json', '{ "include": ["source", "not-in-an-image"] }');
  write('source/deep/one.ts', 'one');
  write('node_modules/.package-lock.json', '{}');
  write('node_modules/typescript/package.json', '{ "type": "module", "bin": { "tsc": "tsc.js" } }');
  write('node_modules/typescript/tsc.js', tool('dist/one.js', 'compiler-fails'));
  write('node_modules/rolldown/package.json', '{ "type": "module", "bin": "./rolldown.js" }');
  write('node_modules/rolldown/rolldown.js', tool('dist/bundle/main.js', 'bundler-fails'));
  mkdirSync(join(project, 'tools'));
  cpSync(script, join(project, 'tools/build.js'));
});
afterEach(() => {
  for (const unlock of unlocks) unlock();
  rmSync(project, { recursive: true, force: true });
});

function write(path: string, content: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), content);
}

interface Built {
  readonly code: number | null;
  readonly stdout: string;
  readonly err: string;
}

function build(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Built {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'tools/build.js'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  return { code: status, stdout, err: stderr };
}

const built: Built = { code: 0, stdout: '', err: 'building…\n' };
const nothingToDo: Built = { code: 0, stdout: '', err: '' };

describe('the build', () => {
  it('reports on standard error, because standard output belongs to the program that starts afterwards', () => {
    expect(build()).toEqual(built);
    expect(readFileSync(join(project, 'dist/bundle/main.js'), 'utf8')).toBe('made');
  });

  it('is skipped if nothing has changed, unless it is forced', () => {
    build();
    expect(build()).toEqual(nothingToDo);
    expect(build(['--force'])).toEqual(built);
  });

  it.each([
    ['a source has changed', () => write('source/deep/one.ts', 'two')],
    ['a source was added', () => write('source/two.ts', '')],
    ['a source was removed', () => rmSync(join(project, 'source/deep/one.ts'))],
    [
      'a source has another name',
      () => (rmSync(join(project, 'source/deep/one.ts')), write('source/1.ts', 'one')),
    ],
    ['other packages are installed', () => write('node_modules/.package-lock.json', '{"packages": {}}')],
    ['the compiler has other settings', () => write('tsconfig.json', '{}')],
    ['a part of dist/ is gone', () => rmSync(join(project, 'dist/bundle'), { recursive: true })],
    ['a file in dist/ is cut short', () => writeFileSync(join(project, 'dist/one.js'), '')],
    ['the command is no longer executable', () => chmodSync(join(project, 'dist/bundle/main.js'), 0o600)],
    ['its own notes are damaged', () => writeFileSync(join(project, 'dist/build.json'), '{"inputs":')],
  ])('is repeated if %s', (_, change) => {
    build();
    change();
    expect(build()).toEqual(built);
    expect(build()).toEqual(nothingToDo);
  });

  it.each(['compiler-fails', 'bundler-fails'])('is repeated after the %s', (fails) => {
    build();
    write(fails, '');
    appendFileSync(join(project, 'source/deep/one.ts'), 'more');
    expect(build()).toEqual({ code: 7, stdout: '', err: `building…\n${fails}\n` });
    expect(build().code).toBe(7);
    rmSync(join(project, fails));
    expect(build()).toEqual(built);
  });

  it('names what is missing if no packages are installed', () => {
    rmSync(join(project, 'node_modules'), { recursive: true });
    expect(build()).toEqual({
      code: 2,
      stdout: '',
      err: 'release-button: the packages that build it are missing (typescript): run `npm ci` first\n',
    });
    expect(build([], { NODE_ENV: 'production' }).err).toContain('run `npm ci --include=dev` first');
  });
});

describe.skipIf(isRoot && !canMount)(
  'a checkout that is not writable (skipped for a root that may not mount)',
  () => {
    const lock = (folder: string) => {
      if (!isRoot) {
        chmodSync(folder, 0o555);
        unlocks.push(() => chmodSync(folder, 0o755));
        return;
      }
      for (const options of [
        ['--bind', folder, folder],
        ['-o', 'remount,bind,ro', folder],
      ])
        expect(spawnSync('mount', options).status).toBe(0);
      unlocks.push(() => void spawnSync('umount', [folder]));
    };

    it('causes an error of one sentence with a remedy', () => {
      lock(project);
      const { code, stdout, err } = build();
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(err).toMatch(
        /^release-button: the build cannot write \S+dist \(E[A-Z]+\): give yourself permission to write to dist\/[^\n]* cp -r [^\n]*\n$/,
      );
      expect(existsSync(join(project, 'dist'))).toBe(false);
    });

    it('causes an error of one sentence even if only a part of the output cannot be replaced', () => {
      build();
      lock(join(project, 'dist/bundle'));
      const { code, err } = build(['--force']);
      expect(code).toBe(2);
      expect(err).toMatch(/the build cannot write \S+dist\/bundle \(E[A-Z]+\)/);
    });

    it('needs no build if nothing has changed', () => {
      build();
      lock(project);
      expect(build()).toEqual(nothingToDo);
    });
  },
);
