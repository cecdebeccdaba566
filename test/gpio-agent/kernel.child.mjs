// Watches a named pipe through epoll on another thread, and ends as it is told: no thread may hold it back.
// usage: node kernel.child.mjs PIPE stop|exit|throw
import { openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { loadKernel } from '../../dist/gpio-agent/drivers/gpiochip/kernel.js';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const [, , path = '', end] = process.argv;
const kernel = await loadKernel();
const fd = openSync(path, 'r+');
kernel.setNonBlocking(fd);
const buffer = Buffer.alloc(16);
const started = performance.eventLoopUtilization();
let told = 0;

kernel.watch(fd, (gone) => {
  told += 1;
  const bytes = kernel.read(fd, buffer);
  say({ told, gone, text: buffer.toString('latin1', 0, bytes) });
  if (told < 2) {
    setImmediate(() => writeSync(fd, 'again'));
    return;
  }
  say({ nothing: kernel.read(fd, buffer) });
  if (end === 'exit') process.exit(7);
  if (end === 'throw') throw new Error('as told');
  kernel.unwatch(fd);
  writeSync(fd, 'unheard');
  kernel.stop();
  kernel.stop();
  // After a stop it can begin anew.
  kernel.watch(fd, () => {
    say({ text: buffer.toString('latin1', 0, kernel.read(fd, buffer)) });
    kernel.stop();
  });
});
// The thread waits; the JS thread is idle and does what comes. On a busy machine it is idle only after some turns.
const beginOnceIdle = () => {
  if (performance.eventLoopUtilization(started).idle === 0) {
    setTimeout(beginOnceIdle, 50);
    return;
  }
  say({ idle: true });
  writeSync(fd, 'first');
};
setTimeout(beginOnceIdle, 50);
