// The figures that the processes publish at /metrics.
import { until } from '../support/wait.ts';
import type { Child } from './child.ts';

export interface Figures {
  readonly residentMb: number;
  readonly heapUsedMb: number;
  readonly openFiles: number;
  /** the resources that keep the event loop alive: sockets, pipes, timers */
  readonly handles: number;
}

export interface BrokerFigures {
  readonly clients: number;
  readonly retained: number;
}

/** The figures of a process that has loaded `collect.mjs`. */
export async function figuresOf(child: Child): Promise<Figures> {
  const collected = () => child.lines.filter(({ text }) => text === 'collected').length;
  const before = collected();
  child.signal('SIGUSR2');
  await until(`${child.name} to collect its garbage`, () => collected() > before);
  const value = await metricsOf(child);
  return {
    residentMb: value('process_resident_memory_bytes') / 2 ** 20,
    heapUsedMb: value('nodejs_heap_size_used_bytes') / 2 ** 20,
    openFiles: value('process_open_fds'),
    handles: value('nodejs_active_resources'),
  };
}

export async function brokerFiguresOf(child: Child): Promise<BrokerFigures> {
  const value = await metricsOf(child);
  return {
    clients: value('release_button_broker_connected_clients'),
    retained: value('release_button_broker_retained_messages'),
  };
}

/** Returns a function for the sum of a metric over all its labels. */
async function metricsOf(child: Child): Promise<(name: string) => number> {
  const listener = child.lines.find(({ log }) => log['what'] === 'health and metrics');
  const text = await (await fetch(`${String(listener?.log['url'])}/metrics`)).text();
  return (name) => {
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
    if (values.length === 0) throw new Error(`${child.name} has no ${name} at /metrics`);
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
