// Starts all parts of `release-button start`, stops them, and must then end by itself. stops.test.ts runs it.
import { brokerPart } from '../../dist/broker/main.js';
import { loadStart } from '../../dist/cli/demo.js';
import { simulatorPart } from '../../dist/cli/simulator.js';
import { agentPart } from '../../dist/gpio-agent/main.js';
import { workerPart } from '../../dist/release-worker/main.js';
import { createContext } from '../../dist/service/context.js';
import { createHealthServer } from '../../dist/service/health-server.js';
import { createParts } from '../../dist/service/life-cycle.js';
import { silentLog } from '../../dist/service/log.js';

const { config, secretFiles } = (await loadStart({ flags: {}, cwd: process.cwd(), env: process.env }, false))
  .loaded;
const log = silentLog();
const context = createContext(log);
const { health, metrics, clockSync } = context;
const broker = brokerPart(config.broker, context);
const simulator = simulatorPart(config.simulator, log);
const parts = createParts(
  [
    createHealthServer({ host: '127.0.0.1', port: 0, health, metrics, log }),
    { name: 'clock', start: () => clockSync.start(), stop: () => clockSync.stop() },
    broker,
    simulator,
    agentPart({ config, brokerUrl: broker.url }, context),
    workerPart({ config, secretFiles, brokerUrl: broker.url, server: simulator.url }, context),
  ],
  log,
);
await parts.start();

while (health.report().status !== 'ok') {
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}
process.stdout.write(`running ${String(process.getActiveResourcesInfo().length > 0)}\n`);
await parts.stop();
await parts.stop();
process.stdout.write('stopped\n');
