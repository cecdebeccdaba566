// Protects aedes 2.0.0-beta.1 from topics with the name of an inherited member. aedes looks topics up in plain objects, so
// `UNSUBSCRIBE toString` or `SUBSCRIBE __proto__` would end the process. Only this file touches private parts of aedes. If
// they differ from what it expects, the broker accepts no connection.
import { EventEmitter } from 'node:events';
import type { Client } from 'aedes';

/**
 * Call this before the first byte is read.
 * @param onThrow called when aedes throws while it handles a packet: close this connection only
 * @throws when the private parts of aedes are not as expected
 */
export function guard(client: Client, onThrow: (error: unknown) => void): void {
  const parser: unknown = Reflect.get(client, '_parser');
  if (!(parser instanceof EventEmitter)) throw unexpected('_parser');
  const parse: unknown = Reflect.get(parser, 'parse');
  if (typeof parse !== 'function') throw unexpected('_parser.parse');
  if (!Reflect.has(client, 'subscriptions')) throw unexpected('subscriptions');

  // An object without a prototype inherits no member, so every topic is safe.
  Reflect.set(client, 'subscriptions', Object.create(null));
  parser.prependListener('packet', harmless);
  Reflect.set(parser, 'parse', (bytes: Buffer): unknown => {
    try {
      const rest: unknown = Reflect.apply(parse, parser, [bytes]);
      return rest;
    } catch (error) {
      onThrow(error);
      return 0;
    }
  });
}

/**
 * If a SUBSCRIBE has several filters, aedes mangles `__proto__` before the access rule sees it. This replaces it with a `$`
 * filter, which the access rule refuses.
 */
function harmless(packet: unknown): void {
  if (typeof packet !== 'object' || packet === null || !('subscriptions' in packet)) return;
  if (!Array.isArray(packet.subscriptions)) return;
  for (const subscription of packet.subscriptions.map((one: unknown) => one)) {
    if (typeof subscription !== 'object' || subscription === null || !('topic' in subscription)) continue;
    if (subscription.topic === '__proto__') subscription.topic = '$__proto__';
  }
}

/** An MQTT 5 client may ask for a longer session. Makes the CONNACK say that the session ends with the connection. */
export function announceSessionEnd(client: Client): void {
  Reflect.set(client, '_sessionExpiryClamped', true);
}

function unexpected(member: string): Error {
  return new Error(
    `aedes is not the version that this broker was written for (its client has no usable ${member}); install the one that package.json names`,
  );
}
