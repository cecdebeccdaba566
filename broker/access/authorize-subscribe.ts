// Decides who may subscribe: everybody, to every topic that does not start with `$`, within the limit.
// This refuses `$share/...` too: over 3.1.1 aedes would grant it as a literal topic that nobody publishes to.
import { isTopicFilter } from '../topics.ts';

export interface SubscribeRequest {
  readonly filter: string;
  /** Number of other subscriptions of this client. */
  readonly held: number;
  readonly maximum: number;
}

export type SubscribeVerdict = { readonly allow: true } | { readonly allow: false; readonly message: string };

export function authorizeSubscribe(request: SubscribeRequest): SubscribeVerdict {
  const { filter, held, maximum } = request;
  if (!isTopicFilter(filter))
    return { allow: false, message: `${JSON.stringify(filter)} is not a topic filter` };
  if (filter.startsWith('$share/')) {
    return { allow: false, message: `shared subscriptions are not supported: ${filter}` };
  }
  if (filter.startsWith('$')) {
    return { allow: false, message: `topics that start with $ belong to the broker: ${filter}` };
  }
  if (held >= maximum) {
    return {
      allow: false,
      message: `the client already has ${held} subscriptions, the limit of broker.maximumSubscriptionsPerClient; ${filter} is refused`,
    };
  }
  return { allow: true };
}
