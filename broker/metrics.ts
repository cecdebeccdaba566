// What the broker counts.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { RefusalReason } from './refusals.ts';

export interface BrokerMetrics {
  refused(reason: RefusalReason): void;
  published(): void;
}

/** @param now what the gauges show, read when they are asked for */
export function brokerMetrics(
  registry: Registry | undefined,
  now: { connectedClients: () => number; retainedMessages: () => number },
): BrokerMetrics {
  if (registry === undefined) return { refused: () => {}, published: () => {} };
  const registers = [registry];
  const refused = new Counter({
    name: 'release_button_broker_connections_refused_total',
    help: 'Connections that the broker did not take, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const published = new Counter({
    name: 'release_button_broker_published_messages_total',
    help: 'Messages that clients published, last wills among them.',
    registers,
  });
  // Gauges with `collect` are asked at scrape time, so they cannot drift from what is true.
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge(
    'release_button_broker_connected_clients',
    'Clients that are connected to the broker.',
    now.connectedClients,
  );
  gauge(
    'release_button_broker_retained_messages',
    'Retained messages that the broker holds.',
    now.retainedMessages,
  );
  return { refused: (reason) => refused.inc({ reason }), published: () => published.inc() };
}
