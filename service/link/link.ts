// The MQTT link of a process: connects, stays connected, and is the one gate through which everything is published.
import type { Registry } from 'prom-client';
import type { Address, Filter } from '../../messages/channel.ts';
import type { Availability } from '../../messages/presence.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Health } from '../health.ts';
import type { Log } from '../log.ts';
import { messageOf } from '../log.ts';
import { backoffMs } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';
import { openConnection } from './connection.ts';
import type { Acknowledgement, CloseReason, Connection, Outgoing, SubscribeOptions } from './connection.ts';
import { linkMetrics } from './metrics.ts';
import { createOutbox } from './outbox.ts';
import { describeClose, firstVersion, sessionTakenOver, versionAfterClose } from './refusal.ts';
import { createRouter } from './router.ts';
import type { Handler, RawHandler } from './router.ts';
import { createStandby } from './standby.ts';

export interface LinkState {
  readonly state: 'connecting' | 'connected' | 'standby' | 'stopped';
  /** monotonic milliseconds of the clock */
  readonly since: number;
  /** a sentence for a person */
  readonly message: string;
}

/** What a process with a fixed client id says about itself; a command without one has none. */
export interface Presence {
  readonly availability: Address<Availability, 'state'>;
  readonly availabilityFilter: Filter<Availability, unknown>;
  /** who else runs under our id: read when we are thrown out */
  readonly infoFilter: Filter<{ readonly host: string; readonly instance: string }, unknown>;
}

export interface LinkOptions {
  /** for health checks and metrics: `agent`, `worker` */
  readonly role: string;
  readonly url: string;
  readonly prefix: string;
  readonly clientId: string;
  readonly presence?: Presence;
  readonly username?: string;
  readonly password?: string;
  /** PEM */
  readonly ca?: string;
  readonly keepAliveSeconds: number;
  readonly reconnect: BackoffOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly health?: Health;
  readonly metrics?: Registry;
  /** 0 to 1, for the jitter */
  readonly random?: () => number;
}

export interface Link {
  /** Starts connecting and returns at once; never gives up. */
  start(): void;
  /** Says `offline`, disconnects; bounded to a few seconds. */
  stop(): Promise<void>;
  readonly state: LinkState;
  /** Resolves when the broker has answered the subscriptions of the present connection; at once without one. */
  subscribed(): Promise<void>;
  onState(listener: (state: LinkState) => void): () => void;
  /** Valid messages only; the others are logged. `undefined`: the retained message was cleared. */
  subscribe<M, P>(filter: Filter<M, P>, handler: Handler<M, P>, options?: SubscribeOptions): void;
  /** Everything that arrives, also what does not decode. */
  subscribeRaw<M, P>(filter: Filter<M, P>, handler: RawHandler<M, P>, options?: SubscribeOptions): void;
  /**
   * State is remembered and published again on every connect; the newest counts. An event while there is no
   * connection, or one that was not acknowledged when it broke, is sent on the next connect within a minute.
   */
  publish<M>(address: Address<M>, message: M): void;
  /**
   * For what must not happen late (a press): sent now or never. After `timed-out` the connection is cut,
   * so that nothing still on its way arrives later.
   * @param options.timeoutMs milliseconds, default 2000
   */
  publishNow<M>(
    address: Address<M, 'event'>,
    message: M,
    options?: { readonly timeoutMs?: number },
  ): Promise<Acknowledgement>;
  /** As `publish` for an event, and tells when it has been acknowledged; past `timeoutMs` it is still sent. */
  publishAcknowledged<M>(address: Address<M, 'event'>, message: M, timeoutMs: number): Promise<boolean>;
  /** Removes what is retained at the address, ours or not, and no longer remembers it. */
  clear(address: { readonly topic: string }): void;
}

/** A press that the broker has not acknowledged in this time is taken back. Source: the contract, "The link". */
const pressTimeoutMs = 2_000;
const publishTimeoutMs = 10_000;
const offlineTimeoutMs = 1_500;
/** A connection that has held so long was a good one: the next failure starts the delays anew. */
const steadyMs = 30_000;

export function createLink(options: LinkOptions): Link {
  const { prefix, clock, log, presence } = options;
  const url = new URL(options.url);
  const random = options.random ?? Math.random;
  const health = options.health?.check(`mqtt-${options.role}`, 'failing');
  const count = linkMetrics(options.metrics, options.role);
  const router = createRouter(prefix, log);
  const outbox = createOutbox(clock);
  const listeners = new Set<(state: LinkState) => void>();

  let state: LinkState = { state: 'stopped', since: clock.monotonic(), message: 'not started' };
  let connection: Connection | undefined;
  let open = false;
  let stopping = false;
  let choice = firstVersion;
  let failures = 0;
  let timer: Timer | undefined;
  let closed: (() => void) | undefined;
  let subscribed: Promise<void> = Promise.resolve();

  const setState = (next: LinkState['state'], message: string) => {
    state = { state: next, since: clock.monotonic(), message };
    if (next === 'connected') health?.ok(message);
    else health?.bad(message);
    count.connected(next === 'connected');
    for (const listener of listeners) listener(state);
  };

  const standby =
    presence === undefined
      ? undefined
      : createStandby({
          ...options,
          presence,
          random,
          onTakeOver: () => {
            failures = 0;
            connect();
          },
          onSeen: (message) => setState('standby', message),
        });

  const outgoing = <M>(address: Address<M>, message: M): Outgoing => ({
    topic: `${prefix}/${address.topic}`,
    payload: address.codec.encode(message),
    qos: address.delivery.qos,
    retain: address.kind === 'state',
    ...(address.delivery.expirySeconds === undefined
      ? {}
      : { expirySeconds: address.delivery.expirySeconds }),
  });

  const send = async (message: Outgoing): Promise<Acknowledgement> => {
    const outcome = open ? await connection?.publish(message, publishTimeoutMs) : undefined;
    if (outcome === 'refused')
      log.warn({ topic: message.topic }, `the broker refused a message for ${message.topic}`);
    if (outcome === 'timed-out')
      log.warn({ topic: message.topic }, `the broker does not acknowledge ${message.topic}`);
    return outcome ?? 'not-connected';
  };
  const sendState = async (message: Outgoing) => {
    if ((await send(message)) === 'acknowledged' && message.payload === '')
      outbox.clearedOnBroker(message.topic);
  };
  const sendEvent = async (message: Outgoing): Promise<boolean> => {
    const outcome = await send(message);
    if (outcome === 'acknowledged' || outcome === 'refused') outbox.done(message);
    return outcome === 'acknowledged';
  };

  const subscribeTo = async (filters: ReadonlyMap<string, SubscribeOptions>) => {
    try {
      for (const filter of (await connection?.subscribe(filters)) ?? [])
        log.error({ filter }, `the broker refuses the subscription to ${filter}`);
    } catch (error) {
      log.error({ err: error }, `subscribing failed: ${messageOf(error)}`);
    }
  };

  const onOpen = () => {
    open = true;
    timer = clock.setTimeout(() => {
      failures = 0;
    }, steadyMs);
    const version = connection?.version === 4 ? '3.1.1' : '5';
    subscribed = subscribeTo(router.filters());
    if (presence !== undefined) void sendState(outgoing(presence.availability, 'online'));
    const { states, events } = outbox.pending();
    for (const message of states) void sendState(message);
    for (const message of events) void sendEvent(message);
    count.connect();
    log.info(
      { url: options.url, clientId: options.clientId, mqtt: version },
      `connected to the broker at ${options.url}`,
    );
    setState('connected', `connected to ${options.url} (MQTT ${version})`);
  };

  const onClose = (reason: CloseReason) => {
    open = false;
    connection = undefined;
    timer?.cancel();
    timer = undefined;
    closed?.();
    if (stopping) return;
    const before = choice;
    choice = versionAfterClose(choice, reason);
    if (reason.disconnect === sessionTakenOver && standby !== undefined) {
      outbox.dropEvents();
      const message = `another process has connected as ${options.clientId}; standing by until it goes away`;
      log.error(message);
      setState('standby', message);
      standby.start();
      return;
    }
    failures += 1;
    const refusedVersion = before.version !== choice.version;
    const waitMs = refusedVersion ? 0 : backoffMs(failures, options.reconnect, random());
    const what = refusedVersion
      ? `the broker at ${options.url} does not answer MQTT ${before.version === 5 ? '5' : '3.1.1'}: trying ${choice.version === 5 ? '5' : '3.1.1'}`
      : `${describeClose(reason, options.url)}; next try in ${(waitMs / 1000).toFixed(1)} s`;
    log.warn(what);
    setState('connecting', what);
    timer = clock.setTimeout(connect, waitMs);
  };

  const connect = () => {
    timer = undefined;
    connection = openConnection({
      url,
      clientId: options.clientId,
      version: choice.version,
      keepAliveSeconds: options.keepAliveSeconds,
      clock,
      ...(options.username === undefined ? {} : { username: options.username }),
      ...(options.password === undefined ? {} : { password: options.password }),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(presence === undefined ? {} : { will: outgoing(presence.availability, 'offline') }),
      onOpen,
      onMessage: (packet) => router.dispatch(packet),
      onClose,
    });
  };

  const subscribeRaw: Link['subscribeRaw'] = (filter, handler, subscribeOptions = {}) => {
    const route = router.add(filter, handler, subscribeOptions);
    if (open) void subscribeTo(new Map([[`${prefix}/${route.filter}`, subscribeOptions]]));
  };

  const subscribe: Link['subscribe'] = (filter, handler, subscribeOptions) => {
    subscribeRaw(
      filter,
      (decoded, about) => {
        if (decoded === undefined) handler(undefined, about);
        else if (decoded.ok) handler(decoded.value, about);
        else log.warn({ topic: about.topic }, `ignored a message on ${about.topic}: ${decoded.error}`);
      },
      subscribeOptions,
    );
  };

  if (presence !== undefined) {
    // A last will may arrive late, after we are back: whatever says that we are gone is put right.
    subscribe(presence.availabilityFilter, (message) => {
      if (message !== 'online' && open && !stopping)
        void sendState(outgoing(presence.availability, 'online'));
    });
  }

  return {
    get state() {
      return state;
    },
    subscribed: () => subscribed,
    start: () => {
      stopping = false;
      setState('connecting', `connecting to ${options.url}`);
      connect();
    },
    stop: async () => {
      if (stopping) return;
      stopping = true;
      standby?.stop();
      timer?.cancel();
      if (connection !== undefined) {
        const gone = new Promise<void>((resolve) => {
          closed = resolve;
        });
        if (open && presence !== undefined)
          await connection.publish(outgoing(presence.availability, 'offline'), offlineTimeoutMs);
        connection?.end();
        if (connection !== undefined) await gone;
      }
      setState('stopped', 'stopped');
    },
    onState: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    subscribe,
    subscribeRaw,
    publish: (address, message) => {
      const packet = outgoing(address, message);
      if (address.kind === 'state') {
        outbox.remember(packet);
        void sendState(packet);
      } else {
        outbox.keep(packet);
        void sendEvent(packet);
      }
    },
    publishNow: async (address, message, { timeoutMs = pressTimeoutMs } = {}) => {
      const used = connection;
      if (!open || used === undefined) return 'not-connected';
      const outcome = await used.publish(outgoing(address, message), timeoutMs);
      if (outcome === 'timed-out') used.reset();
      return outcome;
    },
    publishAcknowledged: async (address, message, timeoutMs) => {
      const packet = outgoing(address, message);
      outbox.keep(packet);
      return new Promise((resolve) => {
        const waiting = clock.setTimeout(() => resolve(false), timeoutMs);
        void sendEvent(packet).then((acknowledged) => {
          waiting.cancel();
          resolve(acknowledged);
        });
      });
    },
    clear: (address) => {
      const topic = `${prefix}/${address.topic}`;
      outbox.forget(topic, true);
      if (open) void sendState({ topic, payload: '', qos: 1, retain: true });
    },
  };
}
