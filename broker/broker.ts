// The embedded MQTT broker: aedes with hooks, limits and listeners. docs/broker.md lists what it adds to aedes.
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
  /** The broker closes a connection whose packet header announces more than this. */
  readonly maximumPacketBytes: number;
  readonly maximumConnections: number;
  /** Deadline for the CONNECT packet of a new connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** 1 to 100, the maximum of aedes. */
  readonly maximumTopicLevels: number;
  /** Longest keep-alive. An MQTT 5 client that asks for more, or none, gets this one; a 3.1.1 client is refused. 0: no limit. */
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
   * Opens the listeners and logs each. After each start, the broker has no retained messages.
   * @throws ListenError when an address cannot be opened, or is beyond loopback and that is not allowed
   */
  start(): Promise<{ url: string; port: number }>;
  /** Disconnects all clients, cuts the slow ones, and closes everything. Can be called twice. */
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
    current = await run({ ...options, limits, clock, metrics, refusals, listeners: [tcp] });
    return current;
  };

  return {
    start: async () => {
      if (running !== undefined) throw new Error('the broker has already been started');
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
      // Waits for a start in progress, so that this closes everything that the start opens.
      const run = await running?.catch(() => undefined);
      await run?.stop();
      if (run === current) {
        running = undefined;
        current = undefined;
      }
    },
  };
}
