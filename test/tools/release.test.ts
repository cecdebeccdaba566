// Runs the scripts of a release in a small project. Its npm, docker and gh only record how they were called.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { hasGit } from '../support/programs.ts';

const scripts = join(import.meta.dirname, '../../tools/release');
const commitTime = '2026-01-02T03:04:05+01:00';

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'release-button-release-'));
  cpSync(scripts, join(project, 'tools/release'), { recursive: true });
  setVersion('1.2.3');
  write(
    'CHANGELOG.md',
    '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n\n### Added\n\n- A bell.\n\n## [1.2.2] - 2026-01-01\n\n- A light.\n',
  );
  write('README.md', 'npm install ./release-button-1.2.3.tgz\n');
  write('docs/install.md', 'Node 20.19.0, scp release-button-1.2.3.tgz pi:\n');
  write('docker-compose.yml', 'image: release-button:1.2.3\n');
  write('deploy/kubernetes/kustomization.yaml', 'newTag: 1.2.3\n');
  for (const name of ['npm', 'docker', 'gh']) {
    write(
      `bin/${name}`,
      `#!/bin/sh\nfor word in ${name} "$@"; do echo "$word"; done\n[ ${name} != gh ] || cat\n`,
    );
    chmodSync(join(project, 'bin', name), 0o755);
  }
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), content);
}

function textOf(path: string): string {
  return readFileSync(join(project, path), 'utf8');
}

function setVersion(version: string, otherMembers: Readonly<Record<string, unknown>> = {}): void {
  const repository = 'github:Some-Owner/release-button';
  write('package.json', JSON.stringify({ version, type: 'module', repository, ...otherMembers }));
  write('package-lock.json', JSON.stringify({ version, packages: { '': { version } } }));
}

function run(script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(project, 'tools/release', script), ...args],
    {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` },
    },
  );
  return { code: status, stdout, err: stderr };
}

const missing =
  'release: package.json names no repository on GitHub: add "repository": "https://github.com/OWNER/NAME" with the address ' +
  'of your repository (docs/releasing.md, "Set up once")\n';

describe('check-version', () => {
  it('accepts a tag that matches package.json, the lock file, the changelog and the pages', () => {
    const agreed = { code: 0, stdout: '1.2.3 of Some-Owner/release-button can be released\n', err: '' };
    expect(run('check-version.js', 'v1.2.3')).toEqual(agreed);
    expect(run('check-version.js')).toEqual(agreed);
  });

  it('lists all faults at once', () => {
    write('package.json', JSON.stringify({ version: '1.3.0', type: 'module', private: true }));
    write(
      'CHANGELOG.md',
      '# Changelog\n\n## [Unreleased]\n\n- A horn.\n\n## [1.2.3] - 2026-01-02\n\n- A bell.\n',
    );
    const { code, stdout, err } = run('check-version.js', '1.3.0');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(err.trim().split('\n')).toEqual([
      'release: the tag is 1.3.0, but package.json has version 1.3.0: the tag must be v1.3.0',
      'release: package-lock.json has version 1.2.3, but package.json has 1.3.0: run `npm install --package-lock-only`',
      'release: CHANGELOG.md has no section for 1.3.0: add the heading "## [1.3.0] - YYYY-MM-DD"',
      'release: CHANGELOG.md has entries under "Unreleased": move them to the section for 1.3.0, because the tag contains them',
      ...['README.md', 'docker-compose.yml', 'docs/install.md', 'deploy/kubernetes/kustomization.yaml'].map(
        (path) => `release: ${path} names version 1.2.3 of the package or the image: write 1.3.0`,
      ),
      missing.trim(),
      'release: package.json says "private": true, so npm would not publish it',
    ]);
  });

  it('requires a date and a text in the section of the changelog', () => {
    write('CHANGELOG.md', '## [1.2.3]\n\n## [1.2.2] - 2026-01-01\n\n- A light.\n');
    expect(run('check-version.js').err).toBe(
      'release: the section for 1.2.3 in CHANGELOG.md has no date: write "## [1.2.3] - YYYY-MM-DD"\n' +
        'release: the section for 1.2.3 in CHANGELOG.md is empty\n',
    );
  });

  it.each([
    ['Some-Owner/release-button'],
    ['https://github.com/Some-Owner/release-button'],
    [{ type: 'git', url: 'git+https://github.com/Some-Owner/release-button.git' }],
    [{ type: 'git', url: 'git+ssh://git@github.com/Some-Owner/release-button.git' }],
  ])('reads the repository %j', (repository) => {
    setVersion('1.2.3', { repository });
    expect(run('check-version.js').stdout).toContain('of Some-Owner/release-button can');
  });

  it.each(['https://git.example.com/a/b', 'github:alone', ''])(
    'recognizes no repository in %j',
    (repository) => {
      setVersion('1.2.3', { repository });
      expect(run('check-version.js')).toEqual({ code: 2, stdout: '', err: missing });
    },
  );
});

describe('changelog', () => {
  it('prints the section of this version, or of the given one', () => {
    expect(run('changelog.js')).toEqual({ code: 0, stdout: '### Added\n\n- A bell.\n', err: '' });
    expect(run('changelog.js', '1.2.2').stdout).toBe('- A light.\n');
  });

  it('reports a missing section', () => {
    expect(run('changelog.js', '1.2')).toEqual({
      code: 2,
      stdout: '',
      err: 'release: CHANGELOG.md has no section for 1.2\n',
    });
  });
});

describe('new-version', () => {
  it.each(['1.3.0', '2.0.0-rc.1'])('prepares a checkout from which %s can be released', (version) => {
    write('CHANGELOG.md', textOf('CHANGELOG.md').replace('[Unreleased]\n', '[Unreleased]\n\n- A horn.\n'));
    expect(run('new-version.js', version)).toEqual({ code: 0, stdout: '', err: '' });
    expect(run('check-version.js', `v${version}`)).toMatchObject({ code: 0, err: '' });
    expect(run('changelog.js').stdout).toBe('- A horn.\n');
    expect(textOf('docs/install.md')).toBe(`Node 20.19.0, scp release-button-${version}.tgz pi:\n`);
    expect(textOf('CHANGELOG.md')).toContain('## [Unreleased]\n\n## [');
  });

  it.each([
    ['1.3', '"1.3" is not a version'],
    ['v1.3.0', '"v1.3.0" is not a version'],
    ['1.2.2', 'CHANGELOG.md already has a section for 1.2.2'],
    ['1.3.0', 'CHANGELOG.md has nothing under "## [Unreleased]"'],
  ])('changes nothing for %s, and says: %s', (version, fault) => {
    const { code, err } = run('new-version.js', version);
    expect(code).toBe(2);
    expect(err).toContain(`release: ${fault}`);
    expect(run('check-version.js', 'v1.2.3').code).toBe(0);
  });
});

describe('publish', () => {
  it('publishes with provenance, and does not mark a prerelease as the latest', () => {
    expect(run('publish.js').stdout).toBe('npm\npublish\n--access=public\n--tag=latest\n--provenance\n');
    setVersion('1.3.0-rc.1');
    expect(run('publish.js').stdout).toContain('--tag=next\n');
  });

  it('without a repository can be tried, but not carried out', () => {
    setVersion('1.2.3', { repository: undefined });
    expect(run('publish.js', '--dry-run').stdout).toContain('--dry-run\n');
    expect(run('publish.js')).toEqual({ code: 2, stdout: '', err: missing });
  });
});

describe.skipIf(!hasGit)('image (skipped without git)', () => {
  beforeEach(() => {
    const env = {
      ...process.env,
      GIT_CONFIG_GLOBAL: join(project, 'no-settings'),
      GIT_AUTHOR_DATE: commitTime,
      GIT_COMMITTER_DATE: commitTime,
    };
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    for (const args of [
      ['init', '--quiet'],
      ['add', '.'],
      [...identity, 'commit', '--quiet', '--message=all'],
    ])
      expect(spawnSync('git', args, { cwd: project, env }).status).toBe(0);
  });

  it('is pushed for three platforms, with labels, names, SBOM and provenance', () => {
    const { code, stdout } = run('image.js', '--push');
    expect(code).toBe(0);
    const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: project, encoding: 'utf8' }).stdout.trim();
    const label = (name: string, value: string) => ['--label', `org.opencontainers.image.${name}=${value}`];
    const words = stdout.trim().split('\n');
    expect(words).toEqual([
      'docker',
      'buildx',
      'build',
      '--platform=linux/amd64,linux/arm64,linux/arm/v7',
      ...label('version', '1.2.3'),
      ...label('revision', commit),
      ...label('created', commitTime),
      ...label('source', 'https://github.com/Some-Owner/release-button'),
      ...['1.2.3', '1.2', 'latest'].flatMap((tag) => ['--tag', `ghcr.io/some-owner/release-button:${tag}`]),
      '--sbom=true',
      '--provenance=mode=max',
      '--push',
      '.',
    ]);
  });

  it('gets no other tag if it is a prerelease', () => {
    setVersion('1.3.0-rc.1');
    expect(run('image.js', '--push').stdout.match(/ghcr\.io\S+/g)).toEqual([
      'ghcr.io/some-owner/release-button:1.3.0-rc.1',
    ]);
  });

  it('without a repository can be built, but not pushed', () => {
    setVersion('1.2.3', { repository: undefined });
    const { code, stdout } = run('image.js', '--platform=linux/amd64', '--load');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/--push|--tag|--sbom|image\.source|arm/);
    expect(stdout.trim().split('\n').slice(-3)).toEqual(['--platform=linux/amd64', '--load', '.']);
    expect(run('image.js', '--push')).toEqual({ code: 2, stdout: '', err: missing });
  });
});

describe('github', () => {
  it('creates a release with the section of the changelog as its text', () => {
    const words = ['gh', 'release', 'create', 'v1.2.3', '--repo=Some-Owner/release-button', '--verify-tag'];
    expect(run('github.js').stdout).toBe(
      [...words, '--title=release-button 1.2.3', '--notes-file=-', '### Added', '', '- A bell.', ''].join(
        '\n',
      ),
    );
  });

  it('marks a prerelease, and reports a missing repository', () => {
    setVersion('1.2.3', { repository: undefined });
    expect(run('github.js')).toEqual({ code: 2, stdout: '', err: missing });
    write('CHANGELOG.md', '## [1.3.0-rc.1] - 2026-01-02\n\n- A horn.\n');
    setVersion('1.3.0-rc.1');
    expect(run('github.js').stdout).toContain('--prerelease\n');
  });
});

it('a script ends with the exit code of the program that it starts', () => {
  write('bin/npm', '#!/bin/sh\nexit 7\n');
  expect(run('publish.js').code).toBe(7);
});

it('each step has a script in package.json', () => {
  const { scripts: scriptNames } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(scripts, '../../package.json'), 'utf8')));
  const steps = Object.entries(scriptNames).filter(([name]) => name.startsWith('release:'));
  expect(steps.map(([, command]) => command).sort()).toEqual(
    ['changelog', 'check-version', 'github', 'image', 'new-version', 'publish'].map(
      (name) => `node tools/release/${name}.js`,
    ),
  );
});
