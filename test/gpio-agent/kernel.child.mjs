// Watches a named pipe through epoll on another thread, and ends as its argument says. No thread may keep it from ending.
//
// Usage: node kernel.child.mjs PIPE stop|exit|throw
import { openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { loadKernel } from '../../dist/gpio-agent/drivers/gpiochip/kernel.js';

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const [, , path = '', end] = process.argv;
const kernel = await loadKernel();
const fd = openSync(path, 'r+');
kernel.setNonBlocking(fd);
const buffer = Buffer.alloc(16);
const started = performance.eventLoopUtilization();
let reports = 0;

kernel.watch(fd, (isGone) => {
  reports += 1;
  const bytes = kernel.read(fd, buffer);
  print({ reports, isGone, text: buffer.toString('latin1', 0, bytes) });
  if (reports < 2) {
    setImmediate(() => writeSync(fd, 'again'));
    return;
  }
  print({ nothing: kernel.read(fd, buffer) });
  if (end === 'exit') process.exit(7);
  if (end === 'throw') throw new Error('requested by the test');
  kernel.unwatch(fd);
  writeSync(fd, 'unheard');
  kernel.stop();
  kernel.stop();
  // After a stop, the kernel can watch again.
  kernel.watch(fd, () => {
    print({ text: buffer.toString('latin1', 0, kernel.read(fd, buffer)) });
    kernel.stop();
  });
});
// The other thread waits, and the JS thread is idle. On a busy machine the JS thread becomes idle only after some turns.
const beginOnceIdle = () => {
  if (performance.eventLoopUtilization(started).idle === 0) {
    setTimeout(beginOnceIdle, 50);
    return;
  }
  print({ idle: true });
  writeSync(fd, 'first');
};
setTimeout(beginOnceIdle, 50);
