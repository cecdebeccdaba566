// What the worker counts.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface WorkerMetrics {
  press(button: string, outcome: string): void;
  release(button: string, outcome: string): void;
  argocdCall(call: string, status: number): void;
  streamReconnect(): void;
  drift(outOfSync: number, fresh: boolean): void;
}

export function workerMetrics(registry: Registry): WorkerMetrics {
  const registers = [registry];
  const presses = new Counter({
    name: 'release_button_presses_total',
    help: 'Presses by button and outcome (a reason where the press was rejected).',
    labelNames: ['button', 'outcome'],
    registers,
  });
  const releases = new Counter({
    name: 'release_button_releases_total',
    help: 'Finished releases by button and outcome.',
    labelNames: ['button', 'outcome'],
    registers,
  });
  const calls = new Counter({
    name: 'release_button_argocd_requests_total',
    help: 'Requests to Argo CD by call and HTTP status; code 0: no answer.',
    labelNames: ['call', 'code'],
    registers,
  });
  const reconnects = new Counter({
    name: 'release_button_argocd_stream_reconnects_total',
    help: 'How often the event stream of Argo CD had to be opened again.',
    registers,
  });
  const outOfSync = new Gauge({
    name: 'release_button_out_of_sync_applications',
    help: 'Applications that are known to be out of sync.',
    registers,
  });
  const isFresh = new Gauge({
    name: 'release_button_drift_fresh',
    help: '1 while what is known of Argo CD is fresh, else 0.',
    registers,
  });
  return {
    press: (button, outcome) => presses.inc({ button, outcome }),
    release: (button, outcome) => releases.inc({ button, outcome }),
    argocdCall: (call, status) => calls.inc({ call, code: String(status) }),
    streamReconnect: () => reconnects.inc(),
    drift: (count, fresh) => {
      outOfSync.set(count);
      isFresh.set(fresh ? 1 : 0);
    },
  };
}
