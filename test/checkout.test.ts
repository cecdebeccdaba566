// A clone on Windows: there, git turns line endings into CRLF (`core.autocrlf=true`) unless .gitattributes says
// otherwise.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasGit } from './support/programs.ts';

const root = join(import.meta.dirname, '..');

describe.skipIf(!hasGit)('a clone with core.autocrlf=true (skipped without git)', () => {
  it('keeps LF in all text files, and does not change pictures', () => {
    const folder = mkdtempSync(join(tmpdir(), 'release-button-checkout-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        encoding: 'utf8',
        // Neither the user's own settings nor the repository of a git hook that may have started this test.
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_AUTHOR_NAME: 'test',
          GIT_AUTHOR_EMAIL: 'test@example.com',
          GIT_COMMITTER_NAME: 'test',
          GIT_COMMITTER_EMAIL: 'test@example.com',
        },
      });
    // A new repository with these files, because a source archive has none.
    const origin = join(folder, 'origin');
    git('init', '--quiet', origin);
    const repository = ['--git-dir', join(origin, '.git'), '--work-tree', root];
    git(...repository, 'add', '--all', root);
    git(...repository, 'commit', '--quiet', '--message', 'all files');
    const clone = join(folder, 'clone');
    git('-c', 'core.autocrlf=true', 'clone', '--quiet', origin, clone);

    const files = git('-C', clone, 'ls-files', '--eol').trim().split('\n');
    expect(files.length).toBeGreaterThan(500);
    const binary = files.filter((line) => line.includes('w/-text'));
    expect(binary.every((line) => line.endsWith('.png'))).toBe(true);
    expect(files.filter((line) => !/ w\/(lf|none) /.test(line) && !binary.includes(line))).toEqual([]);
    for (const line of binary) {
      const path = line.split('\t')[1] ?? '';
      expect([path, readFileSync(join(clone, path)).equals(readFileSync(join(root, path)))]).toEqual([
        path,
        true,
      ]);
    }
  });
});
