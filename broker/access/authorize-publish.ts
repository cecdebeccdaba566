// Who may publish what. Today: everybody, everything but `$` topics, within the bounds. Last wills come through here too.
import { isTopicName } from '../topics.ts';

export interface PublishRequest {
  readonly topic: string;
  readonly qos: number;
  /** The message is to be retained and the store has no room left for it. */
  readonly retainedFull: boolean;
  /** A QoS 2 message, not a repetition, and the client has as many unreleased ones as it may. */
  readonly tooManyUnreleased: boolean;
  readonly carriesSubscriptionIdentifier: boolean;
  /** For how long an event may have lain unread because the broker stood still, in milliseconds; 0: it has not. */
  readonly unreadMs: number;
}

export type PublishVerdict =
  | { readonly allow: true }
  /** Not published. MQTT 5 gets 0x87 and stays; 3.1.1 knows no such answer and is disconnected. */
  | { readonly allow: false; readonly disconnect: false; readonly message: string }
  /** The client breaks the protocol: MQTT 5 gets a DISCONNECT with this reason code. */
  | {
      readonly allow: false;
      readonly disconnect: true;
      readonly reasonCode: number;
      readonly message: string;
    };

export function authorizePublish(request: PublishRequest): PublishVerdict {
  const { topic, qos } = request;
  // The library checks neither of a last will, and passes on what makes a subscriber hang up.
  if (!isTopicName(topic)) return denied(`${JSON.stringify(topic)} is not a topic to publish to`);
  if (qos !== 0 && qos !== 1 && qos !== 2) return denied(`there is no QoS ${qos}`);
  if (topic.startsWith('$')) return denied(`topics that start with $ belong to the broker: ${topic}`);
  if (request.carriesSubscriptionIdentifier) {
    return cut(0x82, 'a client must not send a subscription identifier in a PUBLISH [MQTT-3.3.4-6]');
  }
  if (request.unreadMs > 0) {
    // 0x83: "implementation specific error" (MQTT 5, section 3.14.2.1); none of the others says it.
    return cut(
      0x83,
      `the broker was paused or starved for ${(request.unreadMs / 1000).toFixed(1)} s, so this event for ${topic} may be that old: it is not passed on, and its sender is disconnected so that it knows`,
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
