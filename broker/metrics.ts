// The metrics of the broker.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { refusalReasons } from './refusals.ts';
import type { RefusalReason } from './refusals.ts';

export interface BrokerMetrics {
  connected(): void;
  refused(reason: RefusalReason): void;
  denied(): void;
  published(): void;
}

/** @param now reads the current values for the gauges */
export function brokerMetrics(
  registry: Registry | undefined,
  now: { connectedClients: () => number; retainedMessages: () => number; retainedBytes: () => number },
): BrokerMetrics {
  if (registry === undefined)
    return { connected: () => {}, refused: () => {}, denied: () => {}, published: () => {} };
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `release_button_broker_${name}`, help, registers });
  const refused = new Counter({
    name: 'release_button_broker_connections_refused_total',
    help: 'Connections that the broker refused, by reason.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of refusalReasons) refused.inc({ reason }, 0);
  const connections = counter('connections_total', 'Connections that the broker accepted.');
  const denied = counter(
    'denied_requests_total',
    'Publishes and subscriptions of connected clients that the broker denied.',
  );
  const published = counter(
    'published_messages_total',
    'Messages that clients published, including last wills.',
  );
  // `collect` reads a gauge at scrape time, so it is always current.
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `release_button_broker_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('connected_clients', 'Clients that are connected.', now.connectedClients);
  gauge('retained_messages', 'Retained messages that the broker stores.', now.retainedMessages);
  gauge(
    'retained_bytes',
    'Size of the stored retained messages: topics, payloads and properties, as the limit counts them.',
    now.retainedBytes,
  );
  return {
    connected: () => connections.inc(),
    refused: (reason) => refused.inc({ reason }),
    denied: () => denied.inc(),
    published: () => published.inc(),
  };
}
