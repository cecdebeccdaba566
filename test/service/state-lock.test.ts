// Only one process may use a state directory.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockStateDirectory, StateLockError } from '../../service/state-lock.ts';
import { capturedLog } from '../broker/brokers.ts';
import { asUnprivilegedUser } from '../support/unprivileged.ts';
import { until } from '../support/wait.ts';

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'release-button-lock-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function lock(stateDir: string, host = 'pi') {
  const { log, lines } = capturedLog();
  const stateLock = await lockStateDirectory({
    stateDir,
    name: 'worker.lock',
    setting: 'worker.stateDir',
    host,
    log,
  });
  onTestFinished(() => stateLock.release());
  return { ...stateLock, lines };
}

/** Leaves the name of a killed process behind. */
async function leftover(path: string): Promise<void> {
  const holder = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)})`,
  ]);
  await until('the holder', () => existsSync(path));
  holder.kill('SIGKILL');
  await new Promise((resolve) => {
    holder.once('exit', resolve);
  });
  expect(existsSync(path)).toBe(true);
}

/** The address of a socket has at most 108 bytes. */
const deep = (stateDir: string) => join(stateDir, 'd'.repeat(80), 'e'.repeat(80));

describe.each([
  ['a state directory', (stateDir: string) => stateDir],
  ['a state directory with a long path', deep],
])('the lock of %s', (_, directoryIn) => {
  it('has one holder, and a second process learns who holds it and what to do', async () => {
    const stateDir = directoryIn(directory());
    const first = await lock(stateDir);
    const second = lock(stateDir);
    await expect(second).rejects.toThrow(StateLockError);
    await expect(second).rejects.toThrow(
      new RegExp(
        `^the state directory ${stateDir} \\(worker\\.stateDir\\) is in use by process ${process.pid} on pi, since 20.* [+-][0-9:]{5}\\. .*give this one its own directory`,
      ),
    );
    expect(first.lines).toEqual([]);
    await first.release();
    await first.release();
    expect(readdirSync(stateDir)).toEqual([]);
    await lock(stateDir);
  });
});

it('is free again after its holder was killed', async () => {
  const stateDir = directory();
  await leftover(join(stateDir, 'worker.lock'));
  await lock(stateDir);
  await expect(lock(stateDir)).rejects.toThrow(StateLockError);
});

it('is released even if a process that asked for its holder keeps the connection open', async () => {
  const stateDir = directory();
  const heldLock = await lock(stateDir);
  const asker = connect({ path: join(stateDir, 'worker.lock'), allowHalfOpen: true });
  onTestFinished(() => void asker.destroy());
  await once(asker, 'data');
  await heldLock.release();
  expect(readdirSync(stateDir)).toEqual([]);
});

it('is named with its user if it is a leftover of a user whom nobody else may ask', async () => {
  const stateDir = directory();
  await leftover(join(stateDir, 'worker.lock'));
  chmodSync(join(stateDir, 'worker.lock'), 0o000);
  chmodSync(stateDir, 0o777);
  await expect(asUnprivilegedUser(() => lock(stateDir))).rejects.toThrow(
    /worker\.lock .*\(EACCES\), because another user owns it\..* or remove /,
  );
});

it.each([
  ['the leftover', true],
  ['nothing there', false],
])('goes to one of many processes that find %s at the same moment', async (_, isLeft) => {
  for (let round = 0; round < 5; round += 1) {
    const stateDir = directory();
    if (isLeft) await leftover(join(stateDir, 'worker.lock'));
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => lock(stateDir)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(StateLockError);
    expect(readdirSync(stateDir)).toEqual(['worker.lock']);
  }
});

it('is not kept by a process that was killed while it took the lock', async () => {
  const stateDir = directory();
  await leftover(join(stateDir, '.worker.lock.00000000'));
  await lock(stateDir);
  expect(readdirSync(stateDir)).toEqual(['worker.lock']);
});

it('is not given to a second process while the first one is paused in the middle of taking it', async () => {
  const stateDir = directory();
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => {
    silent.listen(join(stateDir, '.worker.lock.00000000'), resolve);
  });
  onTestFinished(() => void silent.close());
  await expect(lock(stateDir)).rejects.toThrow(/in use by a process that does not say who it is/);
});

it('is also held by a paused process', async () => {
  const stateDir = directory();
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => {
    silent.listen(join(stateDir, 'worker.lock'), resolve);
  });
  onTestFinished(() => void silent.close());
  await expect(lock(stateDir)).rejects.toThrow(/in use by a process that does not say who it is/);
});

it('replaces a file that belongs to no process', async () => {
  const stateDir = directory();
  writeFileSync(join(stateDir, 'worker.lock'), '4711');
  await lock(stateDir);
  await expect(lock(stateDir)).rejects.toThrow(StateLockError);
});

it('does not prevent a start if it cannot be created, and that is logged', async () => {
  const stateDir = directory();
  writeFileSync(join(stateDir, 'file'), '');
  const { lines } = await lock(join(stateDir, 'file'));
  expect(lines.join('')).toContain('make sure that no second process uses it');
});

it('is separate for each kind of file', async () => {
  const stateDir = directory();
  mkdirSync(join(stateDir, 'other'));
  await lock(stateDir);
  const { log } = capturedLog();
  const otherLock = await lockStateDirectory({
    stateDir,
    name: 'home-assistant.lock',
    setting: 'homeAssistant.stateDir',
    host: 'pi',
    log,
  });
  await otherLock.release();
});
