// Foreign topics: those of Home Assistant, buttons and lamps. They are complete, not below our prefix.
import type { Address, Filter, Kind } from './channel.ts';
import type { Codec } from './codec.ts';

/** The address of the row below a foreign `root` instead of our prefix. */
export function addressBelow<Message, K extends Kind>(
  root: string,
  address: Address<Message, K>,
): Address<Message, K> {
  return { ...address, topic: `${root}/${address.topic}`, foreign: true };
}

/** The filter of the row below a foreign `root` instead of our prefix. */
export function filterBelow<Message, P>(root: string, filter: Filter<Message, P>): Filter<Message, P> {
  return {
    ...filter,
    filter: `${root}/${filter.filter}`,
    foreign: true,
    match: (topic) => (topic.startsWith(`${root}/`) ? filter.match(topic.slice(root.length + 1)) : undefined),
  };
}

/** A configured topic to publish to: never retained, at QoS 1. */
export function foreignAddress<Message>(topic: string, codec: Codec<Message>): Address<Message, 'event'> {
  return { topic, foreign: true, kind: 'event', delivery: { kind: 'event', qos: 1 }, codec };
}

/** A configured topic to subscribe to. */
export function foreignFilter<Message>(
  topic: string,
  codec: Codec<Message>,
): Filter<Message, { readonly topic: string }> {
  return {
    filter: topic,
    foreign: true,
    codec,
    match: (candidate) => (candidate === topic ? { topic } : undefined),
  };
}
