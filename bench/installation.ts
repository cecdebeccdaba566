// Starts the broker, the simulated Argo CD and the worker as separate processes on free ports.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'node:http';
import { got } from 'got';
import * as z from 'zod/mini';
import { bundled, start, type Measured } from './processes.ts';

/** The token that the simulated Argo CD accepts by default. */
export const token = 'simulated';

export function createFolder() {
  const path = mkdtempSync(join(tmpdir(), 'release-button-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Listening {
  readonly process: Measured;
  readonly url: string;
}

async function listening(args: readonly string[], scheme: string): Promise<Listening> {
  const process_ = start(process.execPath, args);
  await process_.printed(`"url":"${scheme}:`);
  const url = new RegExp(`"url":"(${scheme}:[^"]+)"`).exec(process_.output())?.[1];
  if (url === undefined)
    throw new Error(`${args.join(' ')} has not printed where it listens: ${process_.output()}`);
  return { process: process_, url };
}

export function startBroker(): Promise<Listening> {
  return listening([bundled, 'broker', '--health-enabled=false', '--broker-port=0'], 'mqtt');
}

export interface Simulator extends Listening {
  world(description: unknown): Promise<void>;
  /** Makes the changes one after the other, in the order of the calls. */
  drift(app: string, revision?: string): Promise<void>;
  /** The revision that an application is compared with. */
  revisionOf(app: string): Promise<string>;
  /** Requests since the last reset, by kind. */
  calls(): Promise<ReadonlyMap<string, number>>;
  forgetCalls(): Promise<void>;
}

const applicationSchema = z.object({ status: z.object({ sync: z.object({ revision: z.string() }) }) });
const requestsSchema = z.object({ requests: z.record(z.string(), z.number()) });

export async function startSimulator(): Promise<Simulator> {
  const simulator = await listening(['dist/test/argocd/main.js'], 'http');
  const client = got.extend({
    prefixUrl: simulator.url,
    // Uses only one connection, so that the changes keep their order.
    agent: { http: new Agent({ keepAlive: true, maxSockets: 1 }) },
    retry: { limit: 0 },
  });
  return {
    ...simulator,
    world: async (description) => {
      await client.post('simulator/world', { body: JSON.stringify(description) });
    },
    drift: async (app, revision) => {
      await client.post('simulator/drift', { body: JSON.stringify({ app, revision }) });
    },
    revisionOf: async (app) => {
      const { body } = await client(`api/v1/applications/${app}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return applicationSchema.parse(JSON.parse(body)).status.sync.revision;
    },
    calls: async () => {
      const { body } = await client('simulator/requests');
      const calls = new Map<string, number>();
      for (const [request, count] of Object.entries(requestsSchema.parse(JSON.parse(body)).requests))
        calls.set(kindOf(request), (calls.get(kindOf(request)) ?? 0) + count);
      return calls;
    },
    forgetCalls: async () => {
      await client.delete('simulator/requests');
    },
  };
}

/** @param request method and path, without the query */
function kindOf(request: string): string {
  const kinds: readonly (readonly [RegExp, string])[] = [
    [/ \/api\/version$/, 'version'],
    [/\/userinfo$/, 'account'],
    [/\/can-i\//, 'permission'],
    [/\/syncwindows$/, 'sync windows'],
    [/\/projects\//, 'project'],
    [/\/metadata$/, 'commit'],
    [/^POST .*\/sync$/, 'sync'],
    [/\/stream\/applications$/, 'stream'],
    [/\/applications$/, 'list'],
    [/^GET .*\/applications\/[^/]+$/, 'get or refresh'],
  ];
  return kinds.find(([pattern]) => pattern.test(request))?.[1] ?? request;
}

export interface WorkerOptions {
  /** The folder for its configuration, and for its journal if `stateDir` is not set. */
  readonly folder: string;
  readonly stateDir?: string;
  readonly broker: string;
  readonly argocd: string;
  readonly prefix: string;
  readonly buttons: readonly Readonly<Record<string, unknown>>[];
}

/** The same as in the image, the systemd unit and `npm start`. */
const memoryOption = '--max-semi-space-size=1';

/** The folder for a processor profile of each worker and relay. */
const profiles = process.env['BENCH_PROFILES'];

/** The relay for comparison: it sends the same messages for the same events, and nothing else. */
export function startRelay(options: {
  readonly broker: string;
  readonly argocd: string;
  readonly prefix: string;
}): Measured {
  const { broker, argocd, prefix } = options;
  const profile = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  return start(process.execPath, [
    memoryOption,
    ...profile,
    'dist/bench/bare-relay.js',
    argocd,
    broker,
    prefix,
  ]);
}

export function startWorker(options: WorkerOptions): Measured {
  const { folder, broker, argocd, prefix, buttons } = options;
  const stateDir = options.stateDir ?? join(folder, prefix);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, `${prefix}.yaml`);
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      mqtt: { url: broker, topicPrefix: prefix },
      log: { level: 'warn', format: 'json' },
      health: { enabled: false },
      argocd: { server: argocd, token },
      worker: { stateDir, maxPressesPerMinute: 6000, buttons },
    }),
  );
  return start(process.execPath, [
    memoryOption,
    ...(profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]),
    bundled,
    'release-worker',
    '--config',
    config,
  ]);
}
