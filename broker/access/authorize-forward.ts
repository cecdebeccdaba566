// Decides which subscriber receives a message: everybody receives what they subscribed to. It also corrects two things that
// aedes omits: all matching subscription identifiers [MQTT-3.3.4-4], and no QoS above that of the subscription
// [MQTT-3.8.4-8]. It changes a copy, because all receivers share the packet.
import type { AedesPublishPacket } from 'aedes';
import type { Subscription } from '../subscriptions.ts';

/** @param matching the receiver's subscriptions that match the packet's topic */
export function authorizeForward(
  packet: AedesPublishPacket,
  matching: readonly Subscription[],
): AedesPublishPacket {
  if (matching.length === 0) return packet;
  const granted = matching.reduce<0 | 1 | 2>((highest, { qos }) => (qos > highest ? qos : highest), 0);
  const qos = packet.qos > granted ? granted : packet.qos;

  // A retained message that answers a SUBSCRIBE belongs to that subscription, and aedes has set its identifier. Only such a
  // packet has no broker id.
  const live = Boolean(packet.brokerId);
  const identifiers = matching.flatMap(({ identifier }) => identifier ?? []);
  const relabel = live && identifiers.length > 0 && matching.length > 1;
  if (!relabel) return qos === packet.qos ? packet : { ...packet, qos };
  return { ...packet, qos, properties: { ...packet.properties, subscriptionIdentifier: identifiers } };
}
