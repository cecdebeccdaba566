// Metrics of every process: Node.js's own, the version, the health checks, and the delay of the event loop.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Health } from './health.ts';

export interface ProcessMetricsOptions {
  readonly registry: Registry;
  readonly version: string;
  readonly health: Pick<Health, 'report'>;
}

/** In milliseconds. The 10 ms of prom-client would cost an idle agent more than all its other work. */
const eventLoopLookEveryMs = 100;
const neverMs = 2_147_483_647;
const nanoseconds = 1_000_000_000;
/**
 * Metrics of prom-client that are left out. Its delay of the event loop includes the time between two samples, so an idle process
 * would seem 100 ms late. Its gauges that end in `_total` break the conventions of Prometheus.
 */
const misleading = /^nodejs_(eventloop_lag_.*|active_(handles|requests)(_total)?|active_resources_total)$/;

export function processMetrics({ registry, version, health }: ProcessMetricsOptions): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: neverMs });
  for (const { name } of registry.getMetricsAsArray())
    if (misleading.test(name)) registry.removeSingleMetric(name);

  const registers = [registry];
  new Gauge({
    name: 'release_button_build_info',
    help: 'Always 1. The label is the version that is running.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  registry.registerMetric(
    new Gauge({
      name: 'release_button_health_check_ok',
      help: '1 while a check of /healthz is good, else 0. Each process has its own checks.',
      labelNames: ['check'],
      registers: [],
      collect() {
        this.reset();
        for (const [check, { ok }] of Object.entries(health.report().checks)) this.set({ check }, ok ? 1 : 0);
      },
    }),
  );
  eventLoopMetrics(registry);
}

/** The delays since the last scrape, so that no stall between two scrapes is missed. */
function eventLoopMetrics(registry: Registry): void {
  const looks = monitorEventLoopDelay({ resolution: eventLoopLookEveryMs });
  looks.enable();
  /** The measured value is the time between two samples. */
  const late = (measured: number) =>
    looks.count === 0 ? 0 : Math.max(0, measured / nanoseconds - eventLoopLookEveryMs / 1000);
  const registers = [registry];
  registry.registerMetric(
    new Gauge({
      name: 'release_button_event_loop_delay_mean_seconds',
      help: 'Average delay of the event loop since the last scrape.',
      registers: [],
      // Sets both gauges before the reset clears the values. This one is collected first.
      collect() {
        this.set(late(looks.mean));
        max.set(late(looks.max));
        looks.reset();
      },
    }),
  );
  const max = new Gauge({
    name: 'release_button_event_loop_delay_max_seconds',
    help: 'Longest delay of the event loop since the last scrape.',
    registers,
  });
}
