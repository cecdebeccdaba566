// Who gets which message, and as what. Today: everybody what they subscribed to. Two things that the library does not do
// are put right on a copy, since the packet is shared by all receivers: all matching subscription identifiers
// [MQTT-3.3.4-4], and no QoS above that of the subscription [MQTT-3.8.4-8].
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

  // A retained message on subscribing belongs to that one subscription; the library has set its identifier.
  // Such a packet is known by having no broker id.
  const live = Boolean(packet.brokerId);
  const identifiers = matching.flatMap(({ identifier }) => identifier ?? []);
  const relabel = live && identifiers.length > 0 && matching.length > 1;
  if (!relabel) return qos === packet.qos ? packet : { ...packet, qos };
  return { ...packet, qos, properties: { ...packet.properties, subscriptionIdentifier: identifiers } };
}
