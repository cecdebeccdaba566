// A broker, and a client that receives everything, publishes signals and answers presses, as a worker does.
import { connectAsync } from 'mqtt';
import type * as z from 'zod/mini';
import { createBroker } from '../../../broker/broker.ts';
import type { Signal } from '../../../messages/button.ts';
import { press, type Press } from '../report.ts';
import { now } from './lines.ts';
import { brokerOptions } from '../../support/broker-options.ts';

export interface Room {
  readonly url: string;
  publish(topic: string, message: string | object, options?: { readonly retain: boolean }): Promise<unknown>;
  /** Publishes the signal of a button. */
  signal(button: string, signal: Signal): Promise<unknown>;
  /** The newest message of a topic; undefined if none matches the schema. */
  latest<T>(topic: string, schema: z.ZodMiniType<T>): T | undefined;
  /** The presses of a button from a moment on, in their order. */
  presses(button: string, since: number): readonly Press[];
}

interface Heard {
  readonly at: number;
  readonly topic: string;
  readonly message: unknown;
}

const prefix = 'release-button/';
const worker = 'lab';

export async function startRoom(): Promise<Room> {
  const broker = createBroker(brokerOptions());
  const { url } = await broker.start();
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  const received: Heard[] = [];

  const publish: Room['publish'] = (topic, message, { retain } = { retain: false }) =>
    client.publishAsync(prefix + topic, typeof message === 'string' ? message : JSON.stringify(message), {
      qos: 1,
      retain,
    });

  /** Without an answer, the light would show `failed`. */
  const answer = (button: string, message: unknown) => {
    const { data } = press.safeParse(message);
    if (data === undefined) return;
    void publish(`button/${button}/result`, {
      pressId: data.id,
      button,
      outcome: 'nothing-to-release',
      message: 'nothing is out of sync',
      at: new Date().toISOString(),
    });
  };

  client.on('message', (full, payload) => {
    const topic = full.slice(prefix.length);
    const message = parsed(payload.toString());
    received.push({ at: now(), topic, message });
    const button = /^button\/([^/]+)\/press$/.exec(topic)?.[1];
    if (button !== undefined) answer(button, message);
  });
  await client.subscribeAsync(`${prefix}#`, { qos: 1 });
  await publish(`worker/${worker}/availability`, 'online', { retain: true });

  return {
    url,
    publish,
    signal: (button, signal) =>
      publish(
        `button/${button}/signal`,
        { signal, worker, outOfSync: 0, blocked: 0, at: new Date().toISOString() },
        { retain: true },
      ),
    latest: (topic, schema) =>
      schema.safeParse(received.findLast((entry) => entry.topic === topic)?.message).data,
    presses: (button, since) =>
      received
        .filter(({ at, topic }) => at >= since && topic === `button/${button}/press`)
        .map(({ at, message }) => ({ ...press.parse(message), at })),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
