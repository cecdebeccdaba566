// A process with one part, on the compiled code. Its argument says how it behaves.
import process from 'node:process';
import { systemClock } from '../../dist/service/clock.js';
import { createParts, runUntilSignal } from '../../dist/service/life-cycle.js';
import { createLog } from '../../dist/service/log.js';

const mode = process.argv[2];
const log = await createLog({ level: 'info', format: 'json' }, 'child');
/** Resolves on SIGUSR2, so that the test decides when a slow part has stopped. Listens from the start, so no signal is lost. */
const mayStop =
  mode === 'slow'
    ? new Promise((resolve) => {
        process.once('SIGUSR2', resolve);
      })
    : undefined;
const alive = setInterval(() => {}, 1_000);
alive.unref();
const part = {
  name: 'part',
  start: () => {
    if (mode === 'fails') throw new Error('the port is in use');
    alive.ref();
  },
  stop: () => {
    if (mode === 'hangs') return new Promise(() => {});
    clearInterval(alive);
    return mayStop;
  },
};
try {
  await runUntilSignal({
    parts: createParts([part], log),
    clock: systemClock(),
    log,
    edge: process,
    hangUpIgnored: mode === 'outlives' ? 'nohup started this process' : undefined,
    stopDeadlineMs: mode === 'hangs' ? Number(process.argv[3]) : 9_000,
  });
  log.info('started');
} catch (error) {
  log.error(`start failed: ${error.message}`);
  process.exitCode = 3;
}
if (mode === 'throws')
  setTimeout(() => {
    throw new Error('a bug');
  }, 0);
if (mode === 'rejects') void Promise.reject(new Error('a bug'));
