// The embedded MQTT broker: Aedes, with its hooks, its bounds and its listeners. docs/broker.md says what is added to it.
import type { Registry } from 'prom-client';
import { systemClock } from '../service/clock.ts';
import type { Clock } from '../service/clock.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import { defaultLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import { exposedError } from './listen-error.ts';
import { isLoopback } from '../config/host.ts';
import { createTcpListener } from './listeners/tcp.ts';
import { brokerMetrics } from './metrics.ts';
import { createRefusals } from './refusals.ts';
import { run } from './run.ts';
import type { Run } from './run.ts';

export interface BrokerOptions {
  readonly host: string;
  /** 0: any free port */
  readonly port: number;
  /** A larger packet closes the connection as soon as its header is read. */
  readonly maximumPacketBytes: number;
  readonly maximumConnections: number;
  /** How long a connection may take to say CONNECT, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** 1 to 100; the library takes no more than 100. */
  readonly maximumTopicLevels: number;
  /** MQTT 5 clients are given this one where they ask for a longer or none; 3.1.1 clients are refused. 0: no limit. */
  readonly keepAliveLimitSeconds: number;
  readonly maximumSubscriptionsPerClient: number;
  readonly allowAnonymousBeyondLoopback: boolean;
  readonly log: Log;
  readonly metrics?: Registry;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
}

export interface Broker {
  /**
   * Opens the listeners and logs each. Retained messages of an earlier start are gone.
   * @throws ListenError when an address cannot be opened, or lies beyond loopback without leave
   */
  start(): Promise<{ url: string; port: number }>;
  /** Says farewell to all clients, cuts who is slow about it, and leaves nothing open. Can be called twice. */
  stop(): Promise<void>;
}

export function createBroker(options: BrokerOptions): Broker {
  const { host, port, log } = options;
  const clock = options.clock ?? systemClock();
  const limits = { ...defaultLimits, ...options.limits };
  let running: Promise<Run> | undefined;
  let current: Run | undefined;
  const metrics = brokerMetrics(options.metrics, {
    connectedClients: () => current?.connectedClients() ?? 0,
    retainedMessages: () => current?.retainedMessages() ?? 0,
    retainedBytes: () => current?.retainedBytes() ?? 0,
  });
  const refusals = createRefusals({ log, clock, count: (reason) => metrics.refused(reason) });

  const begin = async () => {
    if (!isLoopback(host) && !options.allowAnonymousBeyondLoopback) throw exposedError(host, port);
    const tcp = createTcpListener({
      host,
      port,
      socketBufferBytes: limits.socketBufferBytes,
      onError: (error) => log.error({ err: error }, `the MQTT listener reports ${messageOf(error)}`),
    });
    // TLS and WebSocket will stand beside it.
    current = await run({ ...options, limits, clock, metrics, refusals, listeners: [tcp] });
    return current;
  };

  return {
    start: async () => {
      if (running !== undefined) throw new Error('the broker has been started already');
      const beginning = begin();
      running = beginning;
      try {
        return (await beginning).address;
      } catch (error) {
        running = undefined;
        throw error;
      }
    },
    stop: async () => {
      // A start under way is let finish, so that there is something whole to stop.
      const run = await running?.catch(() => undefined);
      await run?.stop();
      if (run === current) {
        running = undefined;
        current = undefined;
      }
    },
  };
}
