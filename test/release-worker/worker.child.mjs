// A process of its own: starts broker, simulated Argo CD and worker from the build, releases something, stops all of
// them, and must then end by itself. Its argument is a directory for the state.
import { connectAsync } from 'mqtt';
import { createTestArgoCd } from '../../dist/test/argocd/argocd.js';
import { createBroker } from '../../dist/broker/broker.js';
import { workerPart } from '../../dist/release-worker/main.js';
import { createContext } from '../../dist/service/context.js';
import { silentLog } from '../../dist/service/log.js';

const log = silentLog();
const simulator = createTestArgoCd({
  port: 0,
  driftEveryMs: 0,
  world: {
    applications: [
      {
        name: 'shop',
        syncMs: 5,
        resources: [{ kind: 'ConfigMap', name: 'shop' }],
        edited: ['ConfigMap/shop'],
      },
    ],
  },
});
const broker = createBroker({
  host: '127.0.0.1',
  port: 0,
  maximumPacketBytes: 262_144,
  maximumConnections: 100,
  connectTimeoutMs: 10_000,
  maximumTopicLevels: 16,
  keepAliveLimitSeconds: 3600,
  maximumSubscriptionsPerClient: 200,
  allowAnonymousBeyondLoopback: false,
  log,
});
const { url: server } = await simulator.start();
const { url } = await broker.start();
const worker = workerPart(
  {
    server: () => server,
    secretFiles: new Map(),
    config: {
      mqtt: {
        url,
        topicPrefix: 'release-button',
        keepAliveSeconds: 20,
        reconnectMinMs: 50,
        reconnectMaxMs: 200,
      },
      worker: {
        id: 'main',
        stateDir: process.argv[2],
        maxPressAgeMs: 10_000,
        maxPressesPerMinute: 60,
        refreshOnPressMax: 20,
        buttons: [
          {
            id: 'main',
            select: { all: true },
            on: { press: 'release' },
            coolDownMs: 2000,
            refresh: 'normal',
            pinRevision: true,
            prune: false,
            dryRun: false,
            waves: [],
            syncOptions: [],
            strategy: 'hook',
            force: false,
          },
        ],
        presses: [
          { preset: 'zigbee2mqtt', device: 'big-red', edge: false, button: 'main', gesture: 'press' },
        ],
        lights: [{ preset: 'zigbee2mqtt', device: 'lamp', output: 0, button: 'main', againEveryMs: 300_000 }],
        release: { appTimeoutMs: 60_000, refreshTimeoutMs: 15_000, concurrency: 5, waitHealthy: false },
        drift: { maxAgeMs: 60_000, listEveryMs: 180_000, streamIdleMs: 45_000, maxPublishesPerSecond: 50 },
      },
      argocd: { server, token: 'simulated', insecure: false, requestTimeoutMs: 2000 },
    },
  },
  createContext(log),
);
await worker.start();

const client = await connectAsync(String(url), { protocolVersion: 5, reconnectPeriod: 0 });
const finished = new Promise((resolve) => {
  client.on('message', (topic, payload) => {
    const text = payload.toString();
    if (topic.endsWith('/signal') && text.includes('"drifted"'))
      client.publish('release-button/button/main/press', 'press');
    if (text.includes('"event":"finished"')) resolve();
  });
});
await client.subscribeAsync(['release-button/button/main/signal', 'release-button/worker/main/release']);
await finished;
process.stdout.write('released\n');
await client.endAsync();

await worker.stop();
await worker.stop();
await broker.stop();
await simulator.stop();
await new Promise((resolve) => setImmediate(resolve));
// Pipes are this process's own output.
const open = process.getActiveResourcesInfo().filter((kind) => !['PipeWrap', 'TTYWrap'].includes(kind));
process.stdout.write(`left open: ${open.join(', ') || 'nothing'}\n`);
