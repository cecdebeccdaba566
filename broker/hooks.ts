// Gives aedes its hooks: collects what an access rule needs to know, asks the rule, and carries out what it says.
import type { AedesOptions, Client } from 'aedes';
import { authenticate } from './access/authenticate.ts';
import { authorizeForward } from './access/authorize-forward.ts';
import { authorizePublish } from './access/authorize-publish.ts';
import { authorizeSubscribe } from './access/authorize-subscribe.ts';
import { announceSessionEnd } from './guard.ts';
import { isTopicName } from './topics.ts';
import type { Limits } from './limits.ts';
import type { OnePerId } from './one-per-id.ts';
import type { Refusals } from './refusals.ts';
import type { Store } from './store.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What the broker knows of one connection. */
export interface Connection {
  readonly subscriptions: Subscriptions;
  readonly remoteAddress: string | undefined;
  /** Monotonic milliseconds. */
  readonly openedAt: number;
  /** As many connections were open as may be when this one came. */
  readonly beyondMaximum: boolean;
}

export interface HookOptions {
  readonly connectionOf: (client: Client) => Connection | undefined;
  readonly store: Store;
  readonly onePerId: OnePerId;
  readonly refusals: Refusals;
  readonly limits: Limits;
  /** How long the broker stood still right before now, for a connection that is open since then. In milliseconds. */
  readonly heldMs: (openedAt: number) => number;
  readonly maximumSubscriptionsPerClient: number;
  /** A client was denied something, in words. */
  readonly onDenied: (client: Client, message: string) => void;
  /** The library threw while it took a client in. */
  readonly onThrow: (client: Client, error: unknown) => void;
}

type Hook<Name extends keyof AedesOptions> = NonNullable<AedesOptions[Name]>;
type Hooks = {
  [
    Name in 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
  ]: Hook<Name>;
};

export function createHooks(options: HookOptions): Hooks {
  const { connectionOf, store, onePerId, refusals, limits } = options;
  const sessionWanted = new WeakSet<Client>();

  return {
    preConnect: (client, packet, callback) => {
      const { will, properties } = packet;
      // The library takes both as they come, and every subscriber that such a will reaches hangs up.
      if (will !== undefined && (!isTopicName(will.topic) || ![0, 1, 2].includes(will.qos ?? 0))) {
        callback(new Error('its last will has no valid topic or QoS'), false);
        return;
      }
      // A session ends with its connection (see store.ts), so there is nothing that a will could wait for. Left in, the
      // library would pass the property on in the PUBLISH, where MQTT does not allow it.
      delete will?.properties?.willDelayInterval;
      if (packet.protocolVersion === 5) {
        if ((properties?.sessionExpiryInterval ?? 0) > 0) sessionWanted.add(client);
        delete properties?.sessionExpiryInterval;
      } else if (packet.clientId !== '') {
        packet.clean = true;
      }
      callback(null, true);
    },

    authenticate: (client, _username, _password, callback) => {
      const connection = connectionOf(client);
      const verdict = authenticate({
        clientId: client.id,
        full: connection?.beyondMaximum === true && !onePerId.holds(client.id),
        maximumClientIdLength: limits.clientIdLength,
      });
      if (!verdict.allow) {
        refusals.note(verdict.reason, verdict.message, connection?.remoteAddress);
        const { message, returnCode } = verdict;
        callback(Object.assign(new Error(message), { returnCode }), false);
        return;
      }
      if (sessionWanted.has(client)) announceSessionEnd(client);
      const admit = async () => {
        await onePerId.enter(client);
        callback(null, true);
      };
      // The callback runs the rest of the library's connect: whatever it throws must end this connection only.
      admit().catch((error: unknown) => options.onThrow(client, error));
    },

    authorizePublish: (client, packet, callback) => {
      if (client === null) {
        callback(null);
        return;
      }
      const { messageId, qos, retain, topic } = packet;
      const unreleased = store.unreleased(client);
      // A last will has no message id.
      const toBeReleased = qos === 2 && messageId !== undefined && !unreleased.has(messageId);
      const verdict = authorizePublish({
        topic,
        qos,
        retainedFull: retain && !store.hasRoomFor(packet),
        tooManyUnreleased: toBeReleased && unreleased.size >= limits.awaitingReleasePerClient,
        carriesSubscriptionIdentifier: packet.properties?.subscriptionIdentifier !== undefined,
        // State counts whenever it comes, and a last will (of a client that has gone) has just become true.
        unreadMs: retain || client.closed ? 0 : options.heldMs(connectionOf(client)?.openedAt ?? -Infinity),
      });
      if (verdict.allow) {
        if (toBeReleased) store.noteUnreleased(client, messageId);
        callback(null);
        return;
      }
      options.onDenied(client, verdict.message);
      // Without the callback the library does nothing more with the packet, which is right: the connection ends.
      if (verdict.disconnect) client.disconnect({ reasonCode: verdict.reasonCode }, () => {});
      else callback(new Error(verdict.message));
    },

    authorizeSubscribe: (client, subscription, callback) => {
      const held = connectionOf(client)?.subscriptions;
      const { topic: filter, qos } = subscription;
      const verdict = authorizeSubscribe({
        filter,
        held: held === undefined ? 0 : held.size() - (held.has(filter) ? 1 : 0),
        maximum: options.maximumSubscriptionsPerClient,
      });
      if (verdict.allow) {
        const identifier: unknown = Reflect.get(subscription, 'subscriptionIdentifier');
        held?.set({ filter, qos, identifier: typeof identifier === 'number' ? identifier : undefined });
        callback(null, subscription);
        return;
      }
      options.onDenied(client, verdict.message);
      callback(null, null);
    },

    authorizeForward: (client, packet) =>
      authorizeForward(packet, connectionOf(client)?.subscriptions.matching(packet.topic) ?? []),
  };
}
