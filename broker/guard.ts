// Stands between the bytes of one connection and aedes 2.0.0-beta.1, whose look-ups by name in plain objects fail for the
// names of inherited members: `UNSUBSCRIBE toString` or `SUBSCRIBE __proto__` would end the process. These are the only
// lines that touch the library's private parts; where they are not as expected, no connection is taken.
import { EventEmitter } from 'node:events';
import type { Client } from 'aedes';

/**
 * Call before the first byte is read.
 * @param onThrow the library threw while it handled a packet: close this connection; all others go on
 * @throws when the library is not built as expected
 */
export function guard(client: Client, onThrow: (error: unknown) => void): void {
  const parser: unknown = Reflect.get(client, '_parser');
  if (!(parser instanceof EventEmitter)) throw unexpected('_parser');
  const parse: unknown = Reflect.get(parser, 'parse');
  if (typeof parse !== 'function') throw unexpected('_parser.parse');
  if (!Reflect.has(client, 'subscriptions')) throw unexpected('subscriptions');

  // Without a prototype there is nothing to inherit: every topic is a topic.
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
 * `__proto__` among several filters of one SUBSCRIBE is mangled before any access rule sees it. It becomes a `$` filter,
 * which is refused like all of them.
 */
function harmless(packet: unknown): void {
  if (typeof packet !== 'object' || packet === null || !('subscriptions' in packet)) return;
  if (!Array.isArray(packet.subscriptions)) return;
  for (const subscription of packet.subscriptions.map((one: unknown) => one)) {
    if (typeof subscription !== 'object' || subscription === null || !('topic' in subscription)) continue;
    if (subscription.topic === '__proto__') subscription.topic = '$__proto__';
  }
}

/** Lets the CONNACK say that the session ends with the connection. For an MQTT 5 client that asked for a longer one. */
export function announceSessionEnd(client: Client): void {
  Reflect.set(client, '_sessionExpiryClamped', true);
}

function unexpected(member: string): Error {
  return new Error(
    `aedes is not the version that this broker was written for (its client has no usable ${member}); install the one that package.json names`,
  );
}
