// One run of the broker: from opening the listeners to closing them.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { Client } from 'aedes';
import type { Clock } from '../service/clock.ts';
import { messageOf } from '../service/log.ts';
import type { Log } from '../service/log.ts';
import { createPauseWatch } from '../service/pause.ts';
import { guard } from './guard.ts';
import { createHooks } from './hooks.ts';
import type { Connection } from './hooks.ts';
import type { Limits } from './limits.ts';
import type { Listener } from './listeners/listener.ts';
import type { BrokerMetrics } from './metrics.ts';
import { createOnePerId } from './one-per-id.ts';
import { refusalReason } from './refusals.ts';
import type { Refusals } from './refusals.ts';
import { createStore } from './store.ts';
import { createSubscriptions } from './subscriptions.ts';

export interface RunOptions {
  readonly maximumPacketBytes: number;
  readonly maximumConnections: number;
  readonly connectTimeoutMs: number;
  readonly maximumTopicLevels: number;
  readonly keepAliveLimitSeconds: number;
  readonly maximumSubscriptionsPerClient: number;
  readonly limits: Limits;
  /** At least one. The address of the first is the address of the broker. */
  readonly listeners: readonly [Listener, ...Listener[]];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: BrokerMetrics;
  readonly refusals: Refusals;
}

export interface Run {
  readonly address: { readonly url: string; readonly port: number };
  connectedClients(): number;
  retainedMessages(): number;
  retainedBytes(): number;
  stop(): Promise<void>;
}

/** After a pause, the broker reads what waited in its sockets within this time, in milliseconds. Later packets are new. */
const pauseTimes = { tickMs: 500, catchUpMs: 1000 };

/** @throws ListenError when a listener cannot open; all others are closed then */
export async function run(options: RunOptions): Promise<Run> {
  const { clock, limits, log, metrics, refusals } = options;
  const connections = new WeakMap<Client, Connection>();
  const sockets = new Map<Socket, Client>();
  const store = createStore({
    maximumMessages: limits.retainedMessages,
    maximumBytes: limits.retainedBytes,
    now: () => clock.now(),
  });
  const pause = createPauseWatch({ clock, thresholdMs: limits.unreadEventMs, ...pauseTimes });
  const onePerId = createOnePerId({ clock, farewellMs: limits.farewellMs });

  const onThrow = (client: Client, error: unknown) => {
    log.error({ err: error, clientId: client.id }, 'a packet could not be handled; its connection is closed');
    client.conn.destroy();
  };

  const aedes = await Aedes.createBroker({
    ...createHooks({
      connectionOf: (client) => connections.get(client),
      store,
      onePerId,
      refusals,
      limits,
      heldMs: pause.heldMs,
      maximumSubscriptionsPerClient: options.maximumSubscriptionsPerClient,
      onDenied: denials(log, metrics),
      onThrow,
    }),
    persistence: store.persistence,
    connectTimeout: options.connectTimeoutMs,
    drainTimeout: limits.drainTimeoutMs,
    keepaliveLimit: options.keepAliveLimitSeconds,
    maxTopicLevels: options.maximumTopicLevels,
    maximumPacketSize: options.maximumPacketBytes,
    receiveMaximum: limits.awaitingReleasePerClient,
  });
  aedes.on('client', (client) => onePerId.joined(client));
  aedes.on('clientDisconnect', (client) => onePerId.left(client));
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) connections.get(client)?.subscriptions.delete(filter);
  });
  aedes.on('publish', (_packet, client) => {
    if (client !== null) metrics.published();
  });
  aedes.on('clientReady', (client) => {
    onePerId.ready(client);
    metrics.connected();
    log.debug({ clientId: client.id }, 'a client connected');
  });
  aedes.on('clientError', (client, error) =>
    log.debug({ clientId: client.id }, `a client's connection failed: ${messageOf(error)}`),
  );
  aedes.on('connectionError', (client, error) => {
    const reason = refusalReason(error);
    if (reason === undefined) return;
    refusals.note(reason, messageOf(error), connections.get(client)?.remoteAddress);
  });
  // aedes emits this event when its store fails, though its types do not name it. Without a listener Node would throw.
  EventEmitter.prototype.on.call(aedes, 'error', (error: unknown) =>
    log.error({ err: error }, `the broker reports ${messageOf(error)}`),
  );

  const onConnection = (socket: Socket) => {
    const { remoteAddress } = socket;
    if (sockets.size >= options.maximumConnections + limits.politeRefusals) {
      refusals.note('too-many-connections', 'broker.maximumConnections is exceeded by far', remoteAddress);
      socket.destroy();
      return;
    }
    const beyondMaximum = sockets.size >= options.maximumConnections;
    const client = aedes.handle(socket);
    const openedAt = clock.monotonic();
    connections.set(client, { remoteAddress, beyondMaximum, openedAt, subscriptions: createSubscriptions() });
    sockets.set(socket, client);
    socket.once('close', () => sockets.delete(socket));
    guard(client, (error) => onThrow(client, error));
  };

  const closeAedes = () =>
    new Promise<void>((resolve) => {
      const cut = clock.setTimeout(resolve, limits.farewellMs);
      aedes.close(() => {
        cut.cancel();
        resolve();
      });
    });

  let stopped: Promise<void> | undefined;
  const end = async () => {
    pause.stop();
    const closed = Promise.all(options.listeners.map((listener) => listener.close()));
    await closeAedes();
    for (const socket of sockets.keys()) socket.destroy();
    await closed;
  };
  const stop = () => (stopped ??= end());

  const open = async () => {
    pause.start();
    const [first, ...others] = options.listeners;
    const address = await first.open(onConnection);
    const addresses = [address];
    for (const listener of others) addresses.push(await listener.open(onConnection));
    for (const { url } of addresses) log.info({ url }, 'listening');
    return address;
  };

  try {
    return {
      address: await open(),
      connectedClients: () => [...sockets.values()].filter(({ connected }) => connected).length,
      retainedMessages: () => store.retainedMessages(),
      retainedBytes: () => store.retainedBytes(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Logs the first denial of a client as a warning, because a person will wonder. Later ones are logged as debug. */
function denials(log: Log, metrics: BrokerMetrics): (client: Client, message: string) => void {
  const warned = new WeakSet<Client>();
  return (client, message) => {
    metrics.denied();
    const about = { clientId: client.id };
    if (warned.has(client)) log.debug(about, `denied: ${message}`);
    else log.warn(about, `denied: ${message}`);
    warned.add(client);
  };
}
