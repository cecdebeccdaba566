// A Node.js that is too old prints a message instead of a SyntaxError. Node 12, 14, 16 and 18 were tried by hand. Here
// this Node.js only reports an older version.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { command } from '../support/processes.ts';

const root = join(import.meta.dirname, '../..');
const build = join(root, 'tools/build.js');

function runAs(version: string, args: readonly string[]) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, ...args],
    { encoding: 'utf8', cwd: root },
  );
  return { code: status, out: stdout, err: stderr };
}

const floor = packageJson.engines.node.replace('>=', '');
const [major = 0, minor = 0] = floor.split('.').map(Number);

describe.each([
  ['the command', [command, 'start']],
  ['the build before npm start, npm test and npm run bench', [build]],
])('%s', (_, args) => {
  it.each(['16.20.2', '18.20.8', `${major}.${minor - 1}.9`])(
    'reports on Node.js %s which version it needs',
    (version) => {
      expect(runAs(version, args)).toEqual({
        code: 2,
        out: '',
        err: `release-button: needs Node.js ${floor} or later, but this is Node.js ${version} (${process.execPath}). Install a newer version, for example from https://nodejs.org/en/download\n`,
      });
    },
  );
});

it.each([`${floor}.0`, '22.0.0', '100.1.0'])('the command runs on Node.js %s', (version) => {
  expect(runAs(version, [command, '--version'])).toMatchObject({ code: 0, err: '' });
});

it('the files that are read first have no syntax that an old Node.js cannot read', () => {
  for (const file of [command, build]) {
    const code = readFileSync(file, 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '');
    expect(code).not.toMatch(/\?\?|\?\.|\|\|=|&&=|\bawait\b|from ['"]node:|\bwith \{|\.at\(|#\w+ ?[=(]/);
  }
  expect(readFileSync(command, 'utf8')).not.toMatch(/^import\s*[^(\s]/m);
});

it('each npm script that runs built code builds it first', () => {
  const { scripts } = packageJson;
  const builds = (name: string) =>
    Object.entries(scripts).some(
      ([key, line]) => [name, `pre${name}`].includes(key) && line.startsWith('node tools/build.js'),
    );
  for (const name of ['start', 'test', 'bench', 'check', 'generate', 'build', 'test:gpio', 'test:chaos'])
    expect([name, builds(name)]).toEqual([name, true]);
  expect(scripts.prepack).toBe('node tools/build.js');
});
