// The metrics of the worker. Labels have only values from the configuration and the code, so no message creates a series.
// Known series start at 0, so that the first press is an increase. Each has the label `worker`, so that one Prometheus tells
// several workers apart, wherever they run.
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { signals } from '../messages/button.ts';
import { pressReasons } from '../messages/press.ts';
import type { PressReason, PressResult } from '../messages/press.ts';
import { releaseOutcomes } from '../messages/release.ts';
import type { Release } from '../messages/release.ts';
import { fromTime } from '../messages/time.ts';
import type { Clock } from '../service/clock.ts';
import type { ButtonShown } from './drift/signal-publisher.ts';

export interface WorkerMetrics {
  press(button: string, outcome: PressResult['outcome'], reason?: PressReason): void;
  /** @param lastedMs by the monotonic clock. Undefined: the release started before a restart */
  released(release: Release, lastedMs?: number): void;
  streamReconnect(): void;
  shown(shown: ButtonShown): void;
}

export interface WorkerMetricsOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly worker: string;
  /** The configured buttons */
  readonly buttons: readonly string[];
  /** Read at each scrape */
  readonly now: {
    /** Running releases of the button */
    readonly releasing: (button: string) => number;
    /** When Argo CD was last heard, on the monotonic clock */
    readonly heardAt: () => number | undefined;
    readonly isFresh: () => boolean;
    readonly isStreaming: () => boolean;
  };
}

/** The label of every button that is not configured. */
const unknown = 'unknown';
/** The reasons of the first rules. Only these rules can reject a press of a button that is not configured. */
const reasonsOfUnknown: readonly PressReason[] = ['retained', 'malformed', 'unknown-button', 'too-many'];
/** No release takes milliseconds, and ten minutes are the default timeout of one application. In seconds. */
const releaseBuckets = [1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600];

export function workerMetrics(options: WorkerMetricsOptions): WorkerMetrics {
  const { registry, worker, buttons, now } = options;
  const registers = [registry];
  const configured = new Set(buttons);
  const buttonOf = (button: string) => (configured.has(button) ? button : unknown);
  const pressed = countPresses(options);

  const releases = new Counter({
    name: 'release_button_releases_total',
    help: 'Finished releases by button and outcome.',
    labelNames: ['button', 'outcome', 'worker'],
    registers,
  });
  const duration = new Histogram({
    name: 'release_button_release_duration_seconds',
    help: 'Time from the accepted press to the end of its release, including restarts of the worker in between.',
    labelNames: ['button', 'outcome', 'worker'],
    buckets: releaseBuckets,
    registers,
  });
  const running = new Gauge({
    name: 'release_button_releases_running',
    help: 'Releases that are running.',
    labelNames: ['button', 'worker'],
    registers,
    collect() {
      for (const button of buttons) this.set({ button, worker }, now.releasing(button));
    },
  });
  const reconnects = new Counter({
    name: 'release_button_argocd_stream_reconnects_total',
    help: 'How often the worker opened the event stream of Argo CD again.',
    labelNames: ['worker'],
    registers,
  });
  const shown = showButtons(options);
  watchMetrics(options);

  for (const button of buttons) {
    running.set({ button, worker }, 0);
    for (const outcome of releaseOutcomes) {
      releases.inc({ button, outcome, worker }, 0);
      duration.zero({ button, outcome, worker });
    }
  }
  reconnects.inc({ worker }, 0);

  return {
    press: (button, outcome, reason) =>
      pressed.inc({ button: buttonOf(button), outcome, reason: reason ?? '', worker }),
    released: ({ button: id, outcome, startedAt, finishedAt }, lastedMs) => {
      if (outcome === undefined || finishedAt === undefined) return;
      const button = buttonOf(id);
      releases.inc({ button, outcome, worker });
      // After a restart only the wall clock knows, and it may have been set back since.
      const ms = lastedMs ?? Math.max(0, fromTime(finishedAt) - fromTime(startedAt));
      duration.observe({ button, outcome, worker }, ms / 1000);
    },
    streamReconnect: () => reconnects.inc({ worker }),
    shown,
  };
}

function countPresses({ registry, worker, buttons }: WorkerMetricsOptions) {
  const presses = new Counter({
    name: 'release_button_presses_total',
    help: 'Presses by button and outcome, and for rejected ones by reason. Every button that is not configured counts as "unknown".',
    labelNames: ['button', 'outcome', 'reason', 'worker'],
    registers: [registry],
  });
  for (const button of buttons) {
    for (const outcome of ['accepted', 'nothing-to-release'])
      presses.inc({ button, outcome, reason: '', worker }, 0);
    for (const reason of pressReasons) presses.inc({ button, outcome: 'rejected', reason, worker }, 0);
  }
  for (const reason of reasonsOfUnknown)
    presses.inc({ button: unknown, outcome: 'rejected', reason, worker }, 0);
  return presses;
}

/** Set only at a scrape. The signal of a button is chosen dozens of times a second, and each label costs a sort. */
function showButtons({ registry, clock, worker, buttons }: WorkerMetricsOptions): WorkerMetrics['shown'] {
  const latest = new Map<string, Omit<ButtonShown, 'button'>>();
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    set: (gauge: Gauge<Label>, button: string, shown: Omit<ButtonShown, 'button'>) => void,
  ) =>
    new Gauge({
      name: `release_button_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        for (const [button, shown] of latest) set(this, button, shown);
      },
    });

  gauge(
    'signal',
    '1 for the signal that the light of a button shows, 0 for every other signal.',
    ['button', 'signal', 'worker'],
    (metric, button, shown) => {
      for (const signal of signals) metric.set({ button, signal, worker }, signal === shown.signal ? 1 : 0);
    },
  );
  gauge(
    'applications',
    'Applications that a button selects, by sync status. An application that is being deleted is never out of sync. An application of two buttons counts for each of them.',
    ['button', 'state', 'worker'],
    (metric, button, { drift: { outOfSync, unknown, total } }) => {
      metric.set({ button, state: 'out-of-sync', worker }, outOfSync);
      metric.set({ button, state: 'unknown', worker }, unknown);
      metric.set({ button, state: 'in-sync', worker }, total - outOfSync - unknown);
    },
  );
  gauge(
    'blocked_applications',
    'Applications that are out of sync and cannot be released now, because of a sync window or a missing permission.',
    ['button', 'worker'],
    (metric, button, { drift }) => metric.set({ button, worker }, drift.blocked),
  );
  gauge(
    'unhealthy_applications',
    'Applications that are degraded or have missing resources.',
    ['button', 'worker'],
    (metric, button, { drift }) => metric.set({ button, worker }, drift.unhealthy),
  );
  registry.registerMetric(
    new Gauge({
      name: 'release_button_drift_oldest_timestamp_seconds',
      help: 'When the worker first saw the oldest drift that still exists. Absent while nothing is out of sync. A restart of the worker resets it.',
      labelNames: ['button', 'worker'],
      registers: [],
      collect() {
        this.reset();
        for (const [button, { driftSince }] of latest) {
          const at = driftSince();
          if (at !== undefined) this.set({ button, worker }, wallSeconds(clock, at));
        }
      },
    }),
  );

  const show: WorkerMetrics['shown'] = ({ button, ...shown }) => void latest.set(button, shown);
  const nothing = {
    total: 0,
    outOfSync: 0,
    unknown: 0,
    wereOutOfSync: 0,
    blocked: 0,
    unhealthy: 0,
    obstacles: new Set<never>(),
  };
  for (const button of buttons)
    show({ button, signal: 'unknown', drift: nothing, driftSince: () => undefined });
  return show;
}

function watchMetrics({ registry, clock, worker, now }: WorkerMetricsOptions): void {
  const flag = (name: string, help: string, read: () => boolean) =>
    new Gauge({
      name,
      help,
      labelNames: ['worker'],
      registers: [registry],
      collect() {
        this.set({ worker }, read() ? 1 : 0);
      },
    });
  flag(
    'release_button_argocd_fresh',
    '1 while the state that the worker has from Argo CD is fresh enough to show, else 0.',
    now.isFresh,
  );
  flag(
    'release_button_argocd_stream_connected',
    '1 while the event stream of Argo CD is open and has sent something, else 0.',
    now.isStreaming,
  );
  registry.registerMetric(
    new Gauge({
      name: 'release_button_argocd_heard_timestamp_seconds',
      help: 'When Argo CD last sent the state of its applications. Absent until the first time.',
      labelNames: ['worker'],
      registers: [],
      collect() {
        const at = now.heardAt();
        if (at === undefined) this.remove({ worker });
        else this.set({ worker }, wallSeconds(clock, at));
      },
    }),
  );
}

/** A monotonic time as wall-clock time. The wall clock may have been set since. */
function wallSeconds(clock: Clock, at: number): number {
  return Math.round(clock.now() - (clock.monotonic() - at)) / 1000;
}
