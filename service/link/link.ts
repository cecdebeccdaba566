// The MQTT link of a process: connects, stays connected, and is the one gate through which everything is published.
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
  /** Starts connecting and returns at once; never gives up. Does nothing when already started. */
  start(): void;
  /** Says `offline`, disconnects; bounded to a few seconds. Can be called in every state, and twice. */
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
  publish<M>(address: Address<M>, message: NoInfer<M>, options?: { readonly correlationData?: Buffer }): void;
  /**
   * State that whoever publishes it compares with the broker's after a connect: sent once, on this connection, and not
   * remembered. Resolves with what came of it, `not-connected` at once without a connection.
   */
  publishOnce<M>(address: Address<M, 'state'>, message: NoInfer<M>): Promise<Acknowledgement>;
  /**
   * For what must not happen late (a press): sent now or never, ahead of all that waits. What is still on its way
   * when the time is over is stopped by cutting the connection.
   * @param options.timeoutMs milliseconds, default 2000
   */
  publishNow<M>(
    address: Address<M, 'event'>,
    message: NoInfer<M>,
    options?: { readonly timeoutMs?: number },
  ): Promise<Acknowledgement>;
  /**
   * As `publish` for an event, and tells when it has been acknowledged. False, at once without a connection:
   * it is still to be sent.
   * @param onLate told when the acknowledgement comes after `false` was answered, on this connection or a later one
   */
  publishAcknowledged<M>(
    address: Address<M, 'event'>,
    message: NoInfer<M>,
    timeoutMs: number,
    onLate?: () => void,
  ): Promise<boolean>;
  /**
   * For state that another process may have published in our place: one that took our client id over, or one that ran
   * with another state directory. To be called before `start`. On every connection the broker's copy is read first;
   * before that nothing is published at the address, and `publish` there does nothing. From the second connection on,
   * everything else that is remembered waits for it too.
   * @param onStored is given the broker's copy (undefined: there is none) and gives what is to be published, if anything
   * @returns publishes there, and tells whether the broker has acknowledged it
   */
  share<M>(
    address: Address<M, 'state'>,
    filter: Filter<M, unknown>,
    onStored: (stored: Decoded<M> | undefined) => M | undefined | Promise<M | undefined>,
  ): (message: M) => Promise<boolean>;
  /** Resolves with true once all shared state has been read on this connection; false: it was cut before, or there is none. */
  whenRead(): Promise<boolean>;
  /** Bytes of the largest packet to send: what the broker takes, as far as it says so, and no more than we take ourselves. */
  packetMax(): number;
  /** Removes what is retained at the address, ours or not, and no longer remembers it. */
  clear(address: Pick<Address<unknown>, 'topic' | 'foreign'>): void;
}

/** A press that the broker has not acknowledged in this time is taken back. Source: the contract, "The link". */
const pressTimeoutMs = 2_000;
const offlineTimeoutMs = 1_500;
/** From the last piece of shared state that was read until what follows from it is known everywhere in this process. */
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
    // What was of our moment is now the other's to say.
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
    // Brokers send what is stored in this order, and what is shared holds up everything else.
    subscribed = connection.subscribe(router.filters((filter) => shared.has(filter)));
    shared.opened(subscribed);
    opened += 1;
    // At the first connection nothing is remembered of an earlier one, and a light must not wait for a broker that
    // has stored nothing. Later, somebody else may have spoken in between.
    if (opened === 1 || shared.allRead()) sender.remembered();
    else {
      sender.hold();
      void shared.whenRead().then((read) => {
        // What has been read may change what a light says; until then an old one would be said.
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
    // A last will may arrive late, after we are back: whatever says that we are gone is put right.
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
          // A live one is no copy of the broker's: over 3.1.1 we also hear what we publish ourselves.
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
    clear: (address) => {
      void sender.state(outbox.forget(topicOf(address)));
    },
  };
}
