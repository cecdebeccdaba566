// Routes incoming topics to the handlers that subscribed to them.
import type { Filter } from '../../messages/channel.ts';
import type { Decoded } from '../../messages/codec.ts';
import type { Log } from '../log.ts';
import { messageOf } from '../log.ts';
import type { SubscribeOptions } from './connection.ts';
import type { IncomingPacket, ProtocolVersion } from './wire.ts';

/** What a handler receives beside the message. */
export interface About<P> {
  readonly params: P;
  /** The topic below the prefix. For a foreign topic: the whole topic */
  readonly topic: string;
  /** The retain flag: a stored copy or, with retain-as-published, also a live message that was sent with it */
  readonly retained: boolean;
  readonly version: ProtocolVersion;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export type Handler<M, P> = (message: M | undefined, about: About<P>) => void;
/** `undefined`: an empty payload. */
export type RawHandler<M, P> = (decoded: Decoded<M> | undefined, about: About<P>) => void;

interface Route {
  /** The filter to subscribe, with the prefix if it is ours */
  readonly filter: string;
  readonly options: SubscribeOptions;
  deliver(packet: IncomingPacket): void;
}

export interface Router {
  add<M, P>(filter: Filter<M, P>, handler: RawHandler<M, P>, options: SubscribeOptions): Route;
  /**
   * The filters to subscribe. Handlers of the same filter share a subscription.
   * @param isFirst true for filters that come before the others; otherwise the order is that in which they were added
   */
  filters(isFirst?: (filter: string) => boolean): ReadonlyMap<string, SubscribeOptions>;
  dispatch(packet: IncomingPacket): void;
}

export function createRouter(prefix: string, log: Log): Router {
  const routes = new Set<Route>();

  return {
    add: (filter, handler, options) => {
      const root = filter.foreign === true ? '' : `${prefix}/`;
      const route: Route = {
        filter: `${root}${filter.filter}`,
        options,
        deliver: ({ payload, retain, version, responseTopic, correlationData, ...packet }) => {
          if (!topicFits(route.filter, packet.topic)) return;
          const topic = packet.topic.slice(root.length);
          const params = filter.match(topic);
          if (params === undefined) return;
          const isEmpty = filter.codec.isEmpty?.(payload) ?? payload.byteLength === 0;
          handler(isEmpty ? undefined : filter.codec.decode(payload), {
            params,
            topic,
            retained: retain,
            version,
            ...(responseTopic === undefined ? {} : { responseTopic }),
            ...(correlationData === undefined ? {} : { correlationData }),
          });
        },
      };
      routes.add(route);
      return route;
    },
    filters: (isFirst = () => false) => {
      const ordered = [...routes].toSorted((a, b) => Number(isFirst(b.filter)) - Number(isFirst(a.filter)));
      return new Map(ordered.map((route) => [route.filter, route.options]));
    },
    dispatch: (packet) => {
      for (const route of routes) {
        try {
          route.deliver(packet);
        } catch (error) {
          // A message must not end the process. A retained message would end it again at every start.
          log.error(
            { err: error, topic: packet.topic },
            `a message could not be handled: ${messageOf(error)}`,
          );
        }
      }
    },
  };
}

/** True if the topic matches a filter with `+`. (No filter of the contract has `#`.) */
export function topicFits(filter: string, topic: string): boolean {
  const levels = filter.split('/');
  const parts = topic.split('/');
  return (
    levels.length === parts.length && levels.every((level, index) => level === '+' || level === parts[index])
  );
}
