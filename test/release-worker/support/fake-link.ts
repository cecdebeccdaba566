// A link without a network. It records what is published, and delivers what a test sends, through the real codecs.
import { Buffer } from 'node:buffer';
import type { Address, Filter } from '../../../messages/channel.ts';
import type { SubscribeOptions } from '../../../service/link/connection.ts';
import type { Acknowledgement } from '../../../service/link/in-flight.ts';
import type { Link, LinkState } from '../../../service/link/link.ts';
import { topicFits } from '../../../service/link/router.ts';

export interface Published {
  readonly topic: string;
  readonly message: unknown;
}

export interface FakeLink {
  /** Shared state is read at once, and there is none. A message that is delivered as retained counts as a late copy. */
  readonly link: Link;
  /** everything in the order in which it was published; an undefined message: the topic was cleared */
  readonly published: Published[];
  /** the requests to the broker, in order */
  readonly subscriptions: { readonly filter: string; readonly options: SubscribeOptions | undefined }[];
  /** the retained message of a topic */
  retained(topic: string): unknown;
  on(topic: string): unknown[];
  /** How the broker answers events that need an acknowledgement; never: the promise stays open. */
  acknowledges: boolean | 'never';
  /** the outcome of state that is published once; only `acknowledged` means that it reached the broker */
  takesStates: Acknowledgement;
  /** how often `publishOnce` was not acknowledged */
  refusedStates: number;
  /** bytes of the largest packet */
  packetMax: number;
  /** whether shared state reaches the broker */
  takesShared: boolean;
  deliver(
    topic: string,
    payload: unknown,
    about?: { readonly retained?: boolean; readonly responseTopic?: string },
  ): void;
  setState(state: LinkState['state']): void;
}

export function createFakeLink(): FakeLink {
  type How = { readonly retained: boolean; readonly responseTopic?: string };
  const routes: ((topic: string, payload: Uint8Array, how: How) => void)[] = [];
  const listeners = new Set<(state: LinkState) => void>();
  const retained = new Map<string, unknown>();
  const published: Published[] = [];
  const subscriptions: FakeLink['subscriptions'] = [];
  let state: LinkState = { state: 'connected', since: 0, message: 'connected' };

  /** The message as a receiver decodes it; one that does not fit its own row fails the test. */
  const overTheWire = <M>(address: Address<M>, message: M): unknown => {
    const decoded = address.codec.decode(Buffer.from(address.codec.encode(message)));
    if (!decoded.ok) throw new Error(`${address.topic}: ${decoded.error}`);
    return decoded.value;
  };
  const take = <M>(address: Address<M>, message: M): void => {
    const sent = overTheWire(address, message);
    published.push({ topic: address.topic, message: sent });
    if (address.kind === 'state') retained.set(address.topic, sent);
  };
  const route = <M, P>(
    filter: Filter<M, P>,
    handle: (
      decoded: ReturnType<typeof filter.codec.decode> | undefined,
      params: P,
      topic: string,
      how: How,
    ) => void,
  ) => {
    routes.push((topic, payload, how) => {
      if (!topicFits(filter.filter, topic)) return;
      const params = filter.match(topic);
      if (params === undefined) return;
      const isEmpty = filter.codec.isEmpty?.(payload) ?? payload.byteLength === 0;
      handle(isEmpty ? undefined : filter.codec.decode(payload), params, topic, how);
    });
  };

  const fake: FakeLink = {
    link: {
      start: () => {},
      stop: () => Promise.resolve(),
      get state() {
        return state;
      },
      subscribed: () => Promise.resolve(),
      onState: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      subscribe: (filter, handler, options) => {
        subscriptions.push({ filter: filter.filter, options });
        route(filter, (decoded, params, topic, how) => {
          const about = { params, topic, version: 5 as const, ...how };
          if (decoded === undefined) handler(undefined, about);
          else if (decoded.ok) handler(decoded.value, about);
        });
      },
      subscribeRaw: (filter, handler, options) => {
        subscriptions.push({ filter: filter.filter, options });
        route(filter, (decoded, params, topic, how) =>
          handler(decoded, { params, topic, version: 5, ...how }),
        );
      },
      publish: take,
      publishOnce: (address, message) => {
        if (fake.takesStates !== 'acknowledged') {
          fake.refusedStates += 1;
          return Promise.resolve(fake.takesStates);
        }
        take(address, message);
        return Promise.resolve('acknowledged');
      },
      publishNow: (address, message) => {
        take(address, message);
        return Promise.resolve('acknowledged');
      },
      publishAcknowledged: (address, message) => {
        take(address, message);
        return fake.acknowledges === 'never' ? new Promise(() => {}) : Promise.resolve(fake.acknowledges);
      },
      share: (address, filter, onStored) => {
        const stored = async (decoded: Parameters<typeof onStored>[0]) => {
          const message = await onStored(decoded);
          if (message !== undefined) take(address, message);
        };
        route(filter, (decoded, _params, _topic, { retained: isCopy }) => {
          if (isCopy) void stored(decoded);
        });
        void stored(undefined);
        return (message) => {
          if (fake.takesShared) take(address, message);
          return Promise.resolve(fake.takesShared);
        };
      },
      whenRead: () => Promise.resolve(state.state === 'connected'),
      packetMax: () => fake.packetMax,
      leave: () => {},
      clear: ({ topic }) => {
        retained.delete(topic);
        published.push({ topic, message: undefined });
      },
    },
    published,
    subscriptions,
    acknowledges: true,
    takesShared: true,
    takesStates: 'acknowledged',
    refusedStates: 0,
    packetMax: 1_048_576,
    retained: (topic) => retained.get(topic),
    on: (topic) => published.filter((one) => one.topic === topic).map(({ message }) => message),
    deliver: (topic, payload, about = {}) => {
      const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
      for (const handle of routes) handle(topic, bytes, { ...about, retained: about.retained ?? false });
    },
    setState: (next) => {
      state = { state: next, since: 0, message: next };
      for (const listener of listeners) listener(state);
    },
  };
  return fake;
}
