// The MQTT link of a process: connects, stays connected, and is the only gate for publishing.
import { EventEmitter } from 'node:events';
import type { Address, Filter } from '../../messages/channel.ts';
import type { Decoded } from '../../messages/codec.ts';
import type { Timer } from '../clock.ts';
import { messageOf } from '../log.ts';
import { acknowledgedInTime } from './acknowledged-in-time.ts';
import type { Connection, SubscribeOptions } from './connection.ts';
import { createConnector } from './connector.ts';
import type { Acknowledgement } from './in-flight.ts';
import { linkMetrics } from './metrics.ts';
import type { LinkOptions, LinkState } from './options.ts';
import { createOutbox } from './outbox.ts';
import { outgoingOf, topicAt } from './outgoing.ts';
import { createSender } from './sender.ts';
import { createRouter } from './router.ts';
import { createSharedStates } from './shared.ts';
import type { Handler, RawHandler } from './router.ts';
import type { IncomingPacket, Outgoing } from './wire.ts';

export type { LinkOptions, LinkState, Presence } from './options.ts';

export interface Link {
  /** Starts connecting and returns at once. Never gives up. Does nothing if it has started. */
  start(): void;
  /** Publishes `offline` and disconnects, within a few seconds. Can be called in every state, and twice. */
  stop(): Promise<void>;
  readonly state: LinkState;
  /** Resolves when the broker has answered the subscriptions of this connection; at once without a connection. */
  subscribed(): Promise<void>;
  onState(listener: (state: LinkState) => void): () => void;
  /** Receives valid messages only; others are logged. `undefined`: the retained message was cleared. */
  subscribe<M, P>(filter: Filter<M, P>, handler: Handler<M, P>, options?: SubscribeOptions): void;
  /** Receives all messages, including those that do not decode. */
  subscribeRaw<M, P>(filter: Filter<M, P>, handler: RawHandler<M, P>, options?: SubscribeOptions): void;
  /**
   * Remembers state, and publishes the newest state again on every connect. An event without a connection, or one that was not
   * acknowledged before the connection broke, is sent on the next connect within a minute.
   */
  publish<M>(address: Address<M>, message: NoInfer<M>, options?: { readonly correlationData?: Buffer }): void;
  /**
   * For state that its publisher compares with the broker's copy after a connect. Sends it once, on this connection, and
   * does not remember it. Resolves with the outcome; without a connection, at once with `not-connected`.
   */
  publishOnce<M>(address: Address<M, 'state'>, message: NoInfer<M>): Promise<Acknowledgement>;
  /**
   * For a message that must not arrive late, such as a press. Sends it now or never, before all messages that wait. If it is not
   * acknowledged when the time is over, the connection is cut.
   * @param options.timeoutMs milliseconds, default 2000
   */
  publishNow<M>(
    address: Address<M, 'event'>,
    message: NoInfer<M>,
    options?: { readonly timeoutMs?: number },
  ): Promise<Acknowledgement>;
  /**
   * Like `publish` for an event, but also tells whether the broker has acknowledged it in time. False means that it will be sent
   * later; without a connection, it resolves to false at once.
   * @param onLate called when the acknowledgement arrives after `false`, on this connection or a later one
   */
  publishAcknowledged<M>(
    address: Address<M, 'event'>,
    message: NoInfer<M>,
    timeoutMs: number,
    onLate?: () => void,
  ): Promise<boolean>;
  /**
   * For state that another process may have published in the meantime: a process that took over the client id, or one with another
   * state directory. Call it before `start`. On every connection, the link first reads the broker's copy. Before that, `publish` at
   * this address does nothing. From the second connection on, all other remembered messages wait for the copy too.
   * @param onStored receives the broker's copy (undefined: none) and returns the message to publish, if any
   * @returns a function that publishes at the address, and tells whether the broker has acknowledged the message
   */
  share<M>(
    address: Address<M, 'state'>,
    filter: Filter<M, unknown>,
    onStored: (stored: Decoded<M> | undefined) => M | undefined | Promise<M | undefined>,
  ): (message: M) => Promise<boolean>;
  /** Resolves to true when all shared state has been read on this connection. False: the connection ended before, or there is none. */
  whenRead(): Promise<boolean>;
  /** The largest packet to send, in bytes: the limit of the broker, if it names one, and no more than our own limit. */
  packetMax(): number;
  /** Forgets what was published at the address, and does not publish it again after a reconnect. The retained message stays. */
  leave(address: Pick<Address<unknown>, 'topic' | 'foreign'>): void;
  /** Removes the retained message at the address, even if another process published it, and forgets it. */
  clear(address: Pick<Address<unknown>, 'topic' | 'foreign'>): void;
}

/** In milliseconds. A press without an acknowledgement within this time is discarded. */
const pressTimeoutMs = 2_000;
const offlineTimeoutMs = 1_500;
/** In milliseconds. After the last shared state was read, all parts of the process need this time to react to it. */
const settleMs = 50;

interface ConnectorEvents {
  open: [connection: Connection];
  message: [packet: IncomingPacket];
  state: [next: LinkState['state'], message: string];
}

export function createLink(options: LinkOptions): Link {
  const { prefix, clock, log, presence } = options;
  const health = options.health?.check(`mqtt-${options.role}`, 'failing');
  const count = linkMetrics(options.metrics, options.role);
  const router = createRouter(prefix, log);
  const outbox = createOutbox(clock);
  const events = new EventEmitter<ConnectorEvents>();
  const listeners = new Set<(state: LinkState) => void>();

  let state: LinkState = { state: 'stopped', since: clock.monotonic(), message: 'not started' };
  let running = false;
  let stopping: Promise<void> | undefined;
  let subscribed: Promise<unknown> = Promise.resolve();
  let opened = 0;
  let settling: Timer | undefined;

  const topicOf = (address: Pick<Address<unknown>, 'topic' | 'foreign'>) => topicAt(prefix, address);
  const outgoing = <M>(address: Address<M>, message: M): Outgoing => outgoingOf(prefix, address, message);

  const connector = createConnector({
    ...options,
    ...(presence === undefined ? {} : { will: outgoing(presence.availability, 'offline') }),
    instance: () => {
      const published = outbox.state(`${prefix}/${presence?.infoFilter.filter ?? ''}`)?.payload;
      const decoded =
        published === undefined ? undefined : presence?.infoFilter.codec.decode(Buffer.from(published));
      return decoded?.ok === true ? decoded.value.instance : undefined;
    },
    onOpen: (connection) => events.emit('open', connection),
    onMessage: (packet) => events.emit('message', packet),
    // From now on, the other process publishes under our id.
    onThrownOut: outbox.dropEvents,
    onState: (next, message) => events.emit('state', next, message),
  });
  const sender = createSender({ prefix, outbox, presence, connection: () => connector.open });
  const shared = createSharedStates({ clock, log, send: (message) => void sender.state(message) });

  const setState = (next: LinkState['state'], message: string) => {
    state = { state: next, since: clock.monotonic(), message };
    if (next === 'connected') health?.ok(message);
    else health?.bad(message);
    count.state(next);
    if (next !== 'connected') {
      shared.closed();
      settling?.cancel();
    }
    for (const listener of listeners) {
      try {
        listener(state);
      } catch (error) {
        log.error({ err: error }, `the change to ${next} could not be handled: ${messageOf(error)}`);
      }
    }
  };

  events.on('state', setState);
  events.on('open', (connection) => {
    // The subscriptions to shared state come first. Brokers send retained messages in this order, and the rest waits for them.
    subscribed = connection.subscribe(router.filters((filter) => shared.has(filter)));
    shared.opened(subscribed);
    opened += 1;
    // On the first connection nothing is old, and a light must not wait for a broker without retained messages. On a later one,
    // another process may have published in the meantime.
    if (opened === 1 || shared.allRead()) sender.remembered();
    else {
      sender.hold();
      void shared.whenRead().then((read) => {
        // The shared state may change a signal. Without the wait, the old signal would be published.
        if (read) settling = clock.setTimeout(sender.remembered, settleMs);
      });
    }
    count.connect();
  });
  events.on('message', (packet) => {
    if (packet.retain) shared.arrived();
    router.dispatch(packet);
  });

  const subscribeRaw: Link['subscribeRaw'] = (filter, handler, subscribeOptions = {}) => {
    const route = router.add(filter, handler, subscribeOptions);
    const answered = connector.open?.subscribe(new Map([[route.filter, subscribeOptions]]));
    if (answered !== undefined) subscribed = Promise.all([subscribed, answered]);
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
    // Our last will may arrive after we have reconnected. This corrects every message that says that we are offline.
    subscribeRaw(presence.availabilityFilter, (decoded) => {
      const online = decoded?.ok === true && decoded.value === 'online';
      if (!online && running && !sender.isHolding) sender.online();
    });
  }

  const stop = async () => {
    running = false;
    await connector.stop(async (connection) => {
      if (presence === undefined) return true;
      const offline = outgoing(presence.availability, 'offline');
      const outcome = await connection.publish(offline, { timeoutMs: offlineTimeoutMs, fromNow: true });
      return outcome === 'acknowledged' || outcome === 'refused';
    });
    setState('stopped', 'stopped');
  };

  return {
    get state() {
      return state;
    },
    subscribed: async () => void (await subscribed),
    start: () => {
      if (stopping !== undefined) throw new Error('the link is being stopped: await stop() before start()');
      if (running) return;
      running = true;
      connector.start();
    },
    stop: async () => {
      if (!running) return stopping;
      stopping ??= stop().finally(() => {
        stopping = undefined;
      });
      return stopping;
    },
    onState: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    subscribe,
    subscribeRaw,
    publish: (address, message, extra = {}) => {
      const packet = { ...outgoing(address, message), ...extra };
      if (shared.has(packet.topic)) {
        if (shared.isRead(packet.topic)) void sender.state(packet);
      } else if (address.kind === 'state') {
        outbox.remember(packet);
        if (!sender.isHolding) void sender.state(packet);
      } else {
        outbox.keep(packet);
        if (!sender.isHolding) void sender.event(packet);
      }
    },
    publishOnce: (address, message) => sender.once(outgoing(address, message)),
    share: (address, filter, onStored) => {
      if (running) throw new Error(`share() of ${address.topic} must come before start()`);
      const take = shared.add(topicOf(address), async (stored: Parameters<typeof onStored>[0]) => {
        const message = await onStored(stored);
        return message === undefined ? undefined : outgoing(address, message);
      });
      subscribeRaw(
        filter,
        (decoded, { retained }) => {
          // A live message is not the broker's copy: over MQTT 3.1.1 we also receive our own messages.
          if (retained && decoded !== undefined) take(decoded);
        },
        { noLocal: true },
      );
      return async (message) => {
        const packet = outgoing(address, message);
        return shared.isRead(packet.topic) && sender.state(packet);
      };
    },
    whenRead: shared.whenRead,
    publishNow: async (address, message, { timeoutMs = pressTimeoutMs } = {}) => {
      const outcome = await connector.open?.publish(outgoing(address, message), {
        timeoutMs,
        fromNow: true,
        first: true,
      });
      return outcome ?? 'not-connected';
    },
    publishAcknowledged: async (address, message, timeoutMs, onLate) => {
      const packet = outgoing(address, message);
      return acknowledgedInTime({
        clock,
        timeoutMs,
        keep: (onAcknowledged) => outbox.keep(packet, onAcknowledged),
        send: sender.isHolding ? undefined : () => sender.event(packet),
        onLate,
      });
    },
    packetMax: sender.packetMax,
    leave: (address) => outbox.leave(topicOf(address)),
    clear: (address) => {
      void sender.state(outbox.forget(topicOf(address)));
    },
  };
}
