// Turns a message and its address into a packet for the connection.
import type { Address } from '../../messages/channel.ts';
import type { Outgoing } from './wire.ts';

export function topicAt(
  prefix: string,
  { topic, foreign }: Pick<Address<unknown>, 'topic' | 'foreign'>,
): string {
  return foreign === true ? topic : `${prefix}/${topic}`;
}

export function outgoingOf<M>(prefix: string, address: Address<M>, message: M): Outgoing {
  return {
    topic: topicAt(prefix, address),
    payload: address.codec.encode(message),
    qos: address.delivery.qos,
    retain: address.kind === 'state',
    ...(address.delivery.expirySeconds === undefined
      ? {}
      : { expirySeconds: address.delivery.expirySeconds }),
  };
}
