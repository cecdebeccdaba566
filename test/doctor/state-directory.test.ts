import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkStateDirectory } from '../../doctor/state-directory.ts';

/** The id of the user "nobody", by convention. */
const nobody = 65_534;

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'release-button-doctor-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

it('the check leaves no file behind, and does not change the journal', async () => {
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

it('the check finds that a directory can be created, and does not create it', async () => {
  const cwd = await folder();
  expect(await checkStateDirectory('a/b', cwd)).toMatchObject({ status: 'ok', details: { exists: false } });
  expect(await readdir(cwd)).toEqual([]);
});

it('a file in the way is named', async () => {
  const cwd = await folder();
  await writeFile(join(cwd, 'file'), '');
  for (const path of ['file', 'file/state']) {
    const { status, found, remedy } = await checkStateDirectory(path, cwd);
    expect([status, found.includes('is a file, not a directory')]).toEqual(['failed', true]);
    expect(remedy).toContain(join(cwd, 'file'));
  }
});

it('the check fails if the journal is not a writable file', async () => {
  const cwd = await folder();
  await mkdir(join(cwd, 'journal.jsonl'));
  expect(await checkStateDirectory('.', cwd)).toMatchObject({ status: 'failed' });
});

it('the check fails at a link that leads to itself', async () => {
  const cwd = await folder();
  await symlink('loop', join(cwd, 'loop'));
  expect(await checkStateDirectory('loop', cwd)).toMatchObject({ status: 'failed' });
});

it('the check fails for every user if a file system accepts no files', async () => {
  expect(await checkStateDirectory('/proc', '/')).toMatchObject({ status: 'failed' });
});

it('the user is named if the directory is not writable', async () => {
  const cwd = await folder();
  await chmod(cwd, 0o555);
  const isRoot = process.getuid?.() === 0;
  // Root may write everywhere, so the test acts as another user. Whether `state` can be created depends on the real user,
  // which stays root, so root leaves that out.
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
