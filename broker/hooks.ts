// The hooks of aedes. Each collects the facts, asks the access rule, and carries out the decision.
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

/** What the broker knows about one connection. */
export interface Connection {
  readonly subscriptions: Subscriptions;
  readonly remoteAddress: string | undefined;
  /** In monotonic milliseconds. */
  readonly openedAt: number;
  /** True if the maximum of connections was reached when this one arrived. */
  readonly beyondMaximum: boolean;
}

export interface HookOptions {
  readonly connectionOf: (client: Client) => Connection | undefined;
  readonly store: Store;
  readonly onePerId: OnePerId;
  readonly refusals: Refusals;
  readonly limits: Limits;
  /** Length of the process pause that has just ended, in milliseconds. 0 for a connection that was opened after it. */
  readonly heldMs: (openedAt: number) => number;
  readonly maximumSubscriptionsPerClient: number;
  /** Called with a description when a client is denied something. */
  readonly onDenied: (client: Client, message: string) => void;
  /** Called when aedes throws while it accepts a client. */
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
      // aedes accepts such a will, and every subscriber that receives it closes its connection.
      if (will !== undefined && (!isTopicName(will.topic) || ![0, 1, 2].includes(will.qos ?? 0))) {
        callback(new Error('its last will has no valid topic or QoS'), false);
        return;
      }
      // A session ends with its connection (store.ts), so a will never waits. If the property stayed, aedes would forward it
      // in the PUBLISH, where MQTT does not allow it.
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
      // The callback runs the rest of aedes' connect. If it throws, only this connection may end.
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
        // Retained state is valid at any time. A last will has only just become true.
        unreadMs: retain || client.closed ? 0 : options.heldMs(connectionOf(client)?.openedAt ?? -Infinity),
      });
      if (verdict.allow) {
        if (toBeReleased) store.noteUnreleased(client, messageId);
        callback(null);
        return;
      }
      options.onDenied(client, verdict.message);
      // Without the callback aedes drops the packet. That is right, because the connection ends.
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
