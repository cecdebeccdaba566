// Decides who may publish: everybody, to every topic that does not start with `$`, within the limits. Also for last wills.
import { isTopicName } from '../topics.ts';

export interface PublishRequest {
  readonly topic: string;
  readonly qos: number;
  /** True if the message is retained and the store has no room for it. */
  readonly retainedFull: boolean;
  /** True for a new QoS 2 message of a client that already has the maximum of unreleased ones. */
  readonly tooManyUnreleased: boolean;
  readonly carriesSubscriptionIdentifier: boolean;
  /** How long an event may have waited unread while the process was paused, in milliseconds. 0: it did not wait. */
  readonly unreadMs: number;
}

export type PublishVerdict =
  | { readonly allow: true }
  /** Do not publish. MQTT 5 clients get 0x87 and stay. MQTT 3.1.1 has no such answer, so its clients are disconnected. */
  | { readonly allow: false; readonly disconnect: false; readonly message: string }
  /** The client violates the protocol. MQTT 5 clients get a DISCONNECT with this reason code. */
  | {
      readonly allow: false;
      readonly disconnect: true;
      readonly reasonCode: number;
      readonly message: string;
    };

export function authorizePublish(request: PublishRequest): PublishVerdict {
  const { topic, qos } = request;
  // aedes checks neither topic nor QoS of a last will. A subscriber that received a bad one would close its connection.
  if (!isTopicName(topic)) return denied(`${JSON.stringify(topic)} is not a valid topic name`);
  if (qos !== 0 && qos !== 1 && qos !== 2) return denied(`QoS must be 0, 1 or 2, not ${qos}`);
  if (topic.startsWith('$')) return denied(`topics that start with $ belong to the broker: ${topic}`);
  if (request.carriesSubscriptionIdentifier) {
    return cut(0x82, 'a client must not send a subscription identifier in a PUBLISH [MQTT-3.3.4-6]');
  }
  if (request.unreadMs > 0) {
    // 0x83: "implementation specific error" (MQTT 5, section 3.14.2.1). No other code fits.
    return cut(
      0x83,
      `the broker was paused or starved for ${(request.unreadMs / 1000).toFixed(1)} s, so this event for ${topic} may be that old. The broker drops it and disconnects the sender, so that it learns of the loss`,
    );
  }
  if (request.tooManyUnreleased) return cut(0x93, 'too many QoS 2 messages without PUBREL');
  if (request.retainedFull) return denied(`no room for one more retained message; ${topic} is not published`);
  return { allow: true };
}

function denied(message: string): PublishVerdict {
  return { allow: false, disconnect: false, message };
}

function cut(reasonCode: number, message: string): PublishVerdict {
  return { allow: false, disconnect: true, reasonCode, message };
}
