// The subscriptions of one connection, kept by the broker itself: to bound them, and to find every one that matches.
import { hasWildcard, matches } from './topics.ts';

export interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  /** The subscription identifier of MQTT 5 (section 3.8.2.1.2), where the client gave one. */
  readonly identifier: number | undefined;
}

export interface Subscriptions {
  size(): number;
  has(filter: string): boolean;
  /** Takes the place of an earlier one with the same filter. */
  set(subscription: Subscription): void;
  delete(filter: string): void;
  matching(topic: string): Subscription[];
}

export function createSubscriptions(): Subscriptions {
  // Apart, because most clients hold many exact filters and few with wildcards: only the latter need a walk.
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
