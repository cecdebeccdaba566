// A process with a link and a health server, on the compiled code. With `stay` it runs until it is killed. With `leave`
// it starts, stops, and must then end by itself, because nothing may be left open.
import process from 'node:process';
import { workerAvailability, workerInfo } from '../../dist/messages/worker.js';
import { createContext } from '../../dist/service/context.js';
import { createHealthServer } from '../../dist/service/health-server.js';
import { linkFromConfig } from '../../dist/service/link/from-config.js';
import { silentLog } from '../../dist/service/log.js';

const [mode, url] = process.argv.slice(2);
const context = createContext(silentLog());
const worker = 'main';
const link = linkFromConfig(
  {
    mqtt: {
      url,
      topicPrefix: 'P',
      keepAliveSeconds: 20,
      reconnectMinMs: 50,
      reconnectMaxMs: 100,
    },
    role: 'worker',
    id: worker,
    presence: {
      availability: workerAvailability.at({ worker }),
      availabilityFilter: workerAvailability.filter({ worker }),
      infoFilter: workerInfo.filter({ worker }),
    },
  },
  context,
);
const server = createHealthServer({ ...context, host: '127.0.0.1', port: 0 });
await context.clockSync.start();
const { url: healthUrl } = await server.start();
link.start();
if (mode === 'leave') {
  await new Promise((resolve) => {
    link.onState(({ state }) => {
      if (state === 'connected') resolve(undefined);
    });
    // If the broker does not answer, the process leaves while the link still tries.
    setTimeout(resolve, 1_000).unref();
  });
  await fetch(`${healthUrl}/metrics`).then((response) => response.text());
  await link.stop();
  await server.stop();
  context.clockSync.stop();
  process.stdout.write('stopped\n');
  // This timer keeps nothing open. It fires only if something else does.
  setTimeout(() => {
    process.stdout.write(`still open: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(9);
  }, 2_000).unref();
}
