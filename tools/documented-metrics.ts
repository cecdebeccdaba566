// Lists every metric of the processes. It takes them from the same registries that the processes build.
import { Registry } from 'prom-client';
import * as z from 'zod/mini';
import { brokerMetrics } from '../broker/metrics.ts';
import { agentMetrics } from '../gpio-agent/metrics.ts';
import { homeAssistantMetrics } from '../home-assistant/metrics.ts';
import { argocdMetrics } from '../release-worker/argocd/metrics.ts';
import { workerMetrics } from '../release-worker/metrics.ts';
import { systemClock } from '../service/clock.ts';
import { linkMetrics } from '../service/link/metrics.ts';
import { processMetrics } from '../service/process-metrics.ts';

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly Label[];
}

interface Label {
  readonly name: string;
  /** all values, if the code determines them; otherwise empty */
  readonly values: readonly string[];
}

export interface MetricGroup {
  readonly title: string;
  readonly intro: string;
  readonly metrics: readonly Metric[];
}

/** Labels whose values the code determines. The metrics have a series for each value from the start. */
const wordLabels: ReadonlySet<string> = new Set(['outcome', 'reason', 'state', 'signal', 'call']);

const metricSchema = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  labelNames: z.array(z.string()),
});

/** @throws Error if prom-client returns a metric of an unknown type */
export async function documentedMetrics(): Promise<readonly MetricGroup[]> {
  return Promise.all(
    sources.map(async ({ build, ...about }) => {
      const registry = new Registry();
      build(registry);
      return { ...about, metrics: await metricsOf(registry) };
    }),
  );
}

const sources: readonly {
  readonly title: string;
  readonly intro: string;
  readonly build: (registry: Registry) => void;
}[] = [
  {
    title: 'Release worker',
    intro: '`release-button release-worker` and `release-button start` have these.',
    build: (registry) => {
      argocdMetrics(registry, 'main');
      const now = {
        releasing: () => 0,
        heardAt: () => undefined,
        isFresh: () => false,
        isStreaming: () => false,
      };
      workerMetrics({ registry, clock: systemClock(), worker: 'main', buttons: ['main'], now });
    },
  },
  {
    title: 'GPIO agent',
    intro: '`release-button gpio-agent` and `release-button start` have these.',
    build: (registry) => {
      agentMetrics(registry, { buttons: [{ id: 'main', gestures: ['press'] }], leds: [{ id: 'main' }] });
    },
  },
  {
    title: 'Home Assistant',
    intro: '`release-button home-assistant` and `release-button start` have these.',
    build: (registry) => {
      homeAssistantMetrics(registry);
    },
  },
  {
    title: 'Connection to the broker',
    intro:
      'The agent, the worker and the Home Assistant process have these. In `release-button start` each of the three has its own connection; the label `role` names it.',
    build: (registry) => {
      linkMetrics(registry, 'worker');
    },
  },
  {
    title: 'Broker',
    intro: '`release-button broker` has these, and `release-button start` if it runs the embedded broker.',
    build: (registry) => {
      brokerMetrics(registry, {
        connectedClients: () => 0,
        retainedMessages: () => 0,
        retainedBytes: () => 0,
      });
    },
  },
  {
    title: 'Every process',
    intro:
      'The metrics that begin with `process_` and `nodejs_` come from prom-client. The table shows those on Linux.',
    build: (registry) => {
      processMetrics({ registry, version: '', health: { report: () => ({ status: 'ok', checks: {} }) } });
    },
  },
];

async function metricsOf(registry: Registry): Promise<readonly Metric[]> {
  const series = new Map((await registry.getMetricsAsJSON()).map(({ name, values }) => [name, values]));
  return registry.getMetricsAsArray().map((metric) => {
    const { labelNames, ...about } = metricSchema.parse(metric);
    const wordsOf = (label: string) => [
      ...new Set(
        (series.get(about.name) ?? []).map(({ labels }) => String(Reflect.get(labels, label) ?? '')),
      ),
    ];
    return {
      ...about,
      labels: labelNames
        .filter((name) => name !== 'le')
        .map((name) => ({ name, values: wordLabels.has(name) ? wordsOf(name) : [] })),
    };
  });
}
