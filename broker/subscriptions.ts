// The subscriptions of one connection. The broker keeps its own list to limit their number and to find all that match.
import { hasWildcard, matches } from './topics.ts';

export interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  /** The subscription identifier of MQTT 5 (section 3.8.2.1.2), if the client set one. */
  readonly identifier: number | undefined;
}

export interface Subscriptions {
  size(): number;
  has(filter: string): boolean;
  /** Replaces an earlier subscription with the same filter. */
  set(subscription: Subscription): void;
  delete(filter: string): void;
  matching(topic: string): Subscription[];
}

export function createSubscriptions(): Subscriptions {
  // Kept apart, because only wildcards need a search, and most clients have few of them.
  const exact = new Map<string, Subscription>();
  const wild = new Map<string, Subscription>();
  const home = (filter: string) => (hasWildcard(filter) ? wild : exact);

  return {
    size: () => exact.size + wild.size,
    has: (filter) => home(filter).has(filter),
    set: (subscription) => void home(subscription.filter).set(subscription.filter, subscription),
    delete: (filter) => void home(filter).delete(filter),
    matching: (topic) => {
      const own = exact.get(topic);
      const found = own === undefined ? [] : [own];
      for (const subscription of wild.values()) {
        if (matches(subscription.filter, topic)) found.push(subscription);
      }
      return found;
    },
  };
}
