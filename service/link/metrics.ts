// The metrics of the links of a process, by role, because `start` has several links in one process.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { LinkState } from './options.ts';

export interface LinkMetrics {
  connect(): void;
  state(state: LinkState['state']): void;
}

export function linkMetrics(registry: Registry | undefined, role: string): LinkMetrics {
  if (registry === undefined) return { connect: () => {}, state: () => {} };
  const gauge = (name: string, help: string) => {
    const known = registry.getSingleMetric(name);
    if (known instanceof Gauge) return known;
    return new Gauge({ name, help, labelNames: ['role'], registers: [registry] });
  };
  const connectsName = 'release_button_mqtt_connects_total';
  const known = registry.getSingleMetric(connectsName);
  const connects =
    known instanceof Counter
      ? known
      : new Counter({
          name: connectsName,
          help: 'Connections that the broker accepted.',
          labelNames: ['role'],
          registers: [registry],
        });
  const connected = gauge('release_button_mqtt_connected', '1 while connected to the broker, else 0.');
  const standby = gauge(
    'release_button_mqtt_standby',
    '1 while another process is connected under the same client id and this one stands by, else 0.',
  );
  const state = (now: LinkState['state']) => {
    connected.set({ role }, now === 'connected' ? 1 : 0);
    standby.set({ role }, now === 'standby' ? 1 : 0);
  };
  connects.inc({ role }, 0);
  state('stopped');
  return { connect: () => connects.inc({ role }), state };
}
