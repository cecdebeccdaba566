// What the links of a process count, by role: `start` has several in one process.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface LinkMetrics {
  connect(): void;
  connected(yes: boolean): void;
}

const connectsName = 'release_button_mqtt_connects_total';
const connectedName = 'release_button_mqtt_connected';

export function linkMetrics(registry: Registry | undefined, role: string): LinkMetrics {
  if (registry === undefined) return { connect: () => {}, connected: () => {} };
  const known = registry.getSingleMetric(connectsName);
  const connects =
    known instanceof Counter
      ? known
      : new Counter({
          name: connectsName,
          help: 'Connections to the broker that were accepted.',
          labelNames: ['role'],
          registers: [registry],
        });
  const knownGauge = registry.getSingleMetric(connectedName);
  const up =
    knownGauge instanceof Gauge
      ? knownGauge
      : new Gauge({
          name: connectedName,
          help: '1 while connected to the broker, else 0.',
          labelNames: ['role'],
          registers: [registry],
        });
  return { connect: () => connects.inc({ role }), connected: (yes) => up.set({ role }, yes ? 1 : 0) };
}
