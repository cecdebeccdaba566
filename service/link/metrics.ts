// What the link counts.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export function linkMetrics(registry: Registry | undefined): {
  connect(): void;
  connected(yes: boolean): void;
} {
  if (registry === undefined) return { connect: () => {}, connected: () => {} };
  const connects = new Counter({
    name: 'release_button_mqtt_connects_total',
    help: 'Connections to the broker that were accepted.',
    registers: [registry],
  });
  const up = new Gauge({
    name: 'release_button_mqtt_connected',
    help: '1 while connected to the broker, else 0.',
    registers: [registry],
  });
  return { connect: () => connects.inc(), connected: (yes) => up.set(yes ? 1 : 0) };
}
