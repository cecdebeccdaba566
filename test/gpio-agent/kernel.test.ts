// Real system calls through koffi: another thread waits, and the process still ends.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadKernel, SystemError } from '../../gpio-agent/drivers/gpiochip/kernel.ts';
import { requests, sizes } from '../../gpio-agent/drivers/gpiochip/uapi.ts';
import { patienceMs } from '../support/patience.ts';

function run(end: 'stop' | 'exit' | 'throw') {
  const folder = mkdtempSync(join(tmpdir(), 'gpio-kernel-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'kernel.child.mjs'), pipe, end],
    { encoding: 'utf8', timeout: patienceMs },
  );
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  return { lines, stderr, status, signal };
}

const expectedLines = [
  { idle: true },
  { reports: 1, isGone: false, text: 'first' },
  { reports: 2, isGone: false, text: 'again' },
  { nothing: 0 },
];

test('a readable descriptor is reported on the JS thread, which is not blocked, and after a stop the process ends by itself', () => {
  const { lines, status } = run('stop');
  expect(lines).toEqual([...expectedLines, { text: 'unheard' }]);
  expect(status).toBe(0);
});

test.each([
  ['exit', 7],
  ['throw', 1],
] as const)('a process that ends by %s while it waits ends at once', (end, code) => {
  const { lines, status, signal } = run(end);
  expect(lines).toEqual(expectedLines);
  expect({ status, signal }).toEqual({ status: code, signal: null });
});

test('the kernel can be loaded again in the same process, even after it has waited', async () => {
  for (let times = 0; times < 3; times += 1) {
    const kernel = await loadKernel();
    const fd = kernel.open('/dev/null');
    // epoll refuses an ordinary device with an error.
    expect(() => kernel.watch(fd, () => undefined)).toThrow('epoll_ctl: EPERM');
    kernel.close(fd);
    kernel.stop();
  }
});

test('a call that the kernel refuses is an error with the name of the reason', async () => {
  const kernel = await loadKernel();
  const fd = kernel.open('/dev/null');
  try {
    const call = () => kernel.ioctl(fd, requests.chipInfo, Buffer.alloc(sizes.chipInfo));
    expect(call).toThrow(SystemError);
    expect(call).toThrow('ioctl: ENOTTY');
  } finally {
    kernel.close(fd);
  }
});
