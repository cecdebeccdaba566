// The relay for comparison: it reads the event stream of the worker with JSON.parse, and sends the messages that the worker sends
// for the events, with MQTT.js at the same QoS and rate. It has no list, rules, registry or releases, and checks nothing.
// Arguments: server, broker, prefix.
import { get } from 'node:http';
import { connectAsync } from 'mqtt';
import * as z from 'zod/mini';
import { streamFields } from '../release-worker/argocd/field-selection.ts';

/** In milliseconds. Collects changes for as long as `drift/signal-publisher.ts` does. */
const signalEveryMs = 30;
const summaryEveryMs = 200;
const shown = 20;

interface Application {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: object };
  readonly spec: { readonly project: string };
  readonly status: {
    readonly sync: { readonly status: string; readonly revision?: string };
    readonly health: { readonly status?: string };
    readonly history?: readonly { readonly revision?: string }[];
    readonly operationState?: { readonly phase?: string; readonly message?: string };
  };
}

const [server = '', broker = '', prefix = ''] = process.argv.slice(2);
const client = await connectAsync(broker, { protocolVersion: 5 });
const retained = { qos: 1, retain: true } as const;
const outOfSync = new Map<string, Application>();
let [signalTimer, summaryTimer]: (NodeJS.Timeout | undefined)[] = [];

const say = (topic: string, message: object) => {
  client.publish(`${prefix}/${topic}`, JSON.stringify(message), retained);
};

function relay({ metadata, spec, status }: Application): void {
  const key = `${metadata.namespace}/${metadata.name}`;
  const target = status.sync.revision ?? '';
  say(`worker/main/app/${key}`, {
    namespace: metadata.namespace,
    name: metadata.name,
    project: spec.project,
    labels: metadata.labels ?? {},
    sync: status.sync.status,
    health: status.health.status,
    automated: false,
    buttons: ['main'],
    link: `${server}/applications/${key}`,
    deployed: {
      revision: status.history?.at(-1)?.revision ?? '',
      author: 'Robin Reviewer',
      title: 'shop: change',
    },
    target: { revision: target, author: 'Robin Reviewer', title: 'shop: change' },
    phase: status.operationState?.phase ?? 'Succeeded',
    message: status.operationState?.message ?? 'successfully synced (all tasks run)',
    window: 'open',
    permitted: true,
  });
  if (status.sync.status === 'OutOfSync') outOfSync.set(key, { metadata, spec, status });
  else outOfSync.delete(key);
  signalTimer ??= setTimeout(saySignal, signalEveryMs);
  summaryTimer ??= setTimeout(saySummary, summaryEveryMs);
}

function saySignal(): void {
  signalTimer = undefined;
  say('button/main/signal', {
    signal: outOfSync.size > 0 ? 'drifted' : 'clear',
    worker: 'relay',
    outOfSync: outOfSync.size,
    blocked: 0,
    at: new Date().toISOString(),
  });
}

function saySummary(): void {
  summaryTimer = undefined;
  const apps = [...outOfSync.values()].slice(0, shown).map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    project: spec.project,
    sync: status.sync.status,
    health: status.health.status,
    from: (status.history?.at(-1)?.revision ?? '').slice(0, 7),
    to: (status.sync.revision ?? '').slice(0, 7),
  }));
  say('worker/main/drift', {
    state: 'drifted',
    outOfSync: outOfSync.size,
    apps,
    server,
    at: new Date().toISOString(),
  });
}

/** The least that must be in an event. */
const eventSchema = z.object({ result: z.object({ application: z.custom<Application>() }) });
let rest = '';
get(
  `${server}/api/v1/stream/applications?fields=${encodeURIComponent(streamFields)}`,
  { headers: { accept: 'text/event-stream', authorization: 'Bearer simulated' } },
  (response) => {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines)
        if (line.startsWith('data: ')) relay(eventSchema.parse(JSON.parse(line.slice(6))).result.application);
    });
  },
);
process.stdout.write('ready;\n');
