import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkStateDirectory } from '../../doctor/state-directory.ts';

/** by convention */
const nobody = 65_534;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'release-button-doctor-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

it('leaves no file behind, and does not change the journal', async () => {
  const cwd = await folder();
  await mkdir(join(cwd, 'state'));
  await writeFile(join(cwd, 'state/journal.jsonl'), '{}\n');
  const before = await stat(join(cwd, 'state/journal.jsonl'));
  expect(await checkStateDirectory('./state', cwd)).toMatchObject({
    status: 'ok',
    details: { path: join(cwd, 'state'), exists: true, writable: true },
  });
  const { mtimeMs, size } = await stat(join(cwd, 'state/journal.jsonl'));
  expect([mtimeMs, size]).toEqual([before.mtimeMs, before.size]);
  expect(await readdir(join(cwd, 'state'))).toEqual(['journal.jsonl']);
});

it('finds that a directory can be created, without creating it', async () => {
  const cwd = await folder();
  expect(await checkStateDirectory('a/b', cwd)).toMatchObject({ status: 'ok', details: { exists: false } });
  expect(await readdir(cwd)).toEqual([]);
});

it('names the file that is in the way', async () => {
  const cwd = await folder();
  await writeFile(join(cwd, 'file'), '');
  for (const path of ['file', 'file/state']) {
    const { status, found, remedy } = await checkStateDirectory(path, cwd);
    expect([status, found.includes('is a file, not a directory')]).toEqual(['failed', true]);
    expect(remedy).toContain(join(cwd, 'file'));
  }
});

it('fails if the journal itself is not a writable file', async () => {
  const cwd = await folder();
  await mkdir(join(cwd, 'journal.jsonl'));
  expect(await checkStateDirectory('.', cwd)).toMatchObject({ status: 'failed' });
});

it('fails at a link that leads to itself', async () => {
  const cwd = await folder();
  await symlink('loop', join(cwd, 'loop'));
  expect(await checkStateDirectory('loop', cwd)).toMatchObject({ status: 'failed' });
});

it('fails if a file system accepts no files, for every user', async () => {
  expect(await checkStateDirectory('/proc', '/')).toMatchObject({ status: 'failed' });
});

it('names the user if the directory is not writable', async () => {
  const cwd = await folder();
  await chmod(cwd, 0o555);
  const isRoot = process.getuid?.() === 0;
  // Root may write everywhere. Whether the directory can be created is asked as the real user, which does not change.
  if (isRoot) {
    process.seteuid?.(nobody);
    onTestFinished(() => process.seteuid?.(0));
  }
  for (const path of isRoot ? ['.'] : ['.', 'state']) {
    const { status, remedy } = await checkStateDirectory(path, cwd);
    expect(status).toBe('failed');
    expect(remedy).toContain('doctor ran as the user');
  }
});
