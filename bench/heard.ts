// The messages of a worker that a subscriber in this process receives, each with the moment of its arrival.
import { Socket } from 'node:net';
import { connectAsync } from 'mqtt';
import * as z from 'zod/mini';

export interface Signal {
  /** In the time of performance.now() */
  readonly at: number;
  readonly button: string;
  readonly signal: string;
  readonly outOfSync: number;
}

export interface Heard {
  /** In the order of their arrival. */
  readonly signals: readonly Signal[];
  /** Finished releases. */
  readonly releases: readonly { readonly pressId: string; readonly outcome: string }[];
  /** The number of applications with a topic. */
  applications(): number;
  /** Whether the last message about the application says that it is out of sync, and also whether it may be synced. */
  isDrifted(name: string): boolean;
  /** Calls `look` now and after each message. Resolves to its first value that is not undefined. */
  until<T>(what: string, look: () => T | undefined, limitMs?: number): Promise<T>;
  /** The current signal of a button. */
  latest(button: string): Signal | undefined;
  publish(topic: string, payload: string): void;
  end(): Promise<void>;
}

const signalSchema = z.object({ signal: z.string(), outOfSync: z.number() });
const appSchema = z.object({ sync: z.string(), permitted: z.optional(z.boolean()) });
const releaseSchema = z.object({ pressId: z.string(), outcome: z.string() });

export async function listen(url: string, prefix: string): Promise<Heard> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  // Without this, a press waits 40 ms until the other side acknowledges the previous packet (Nagle's algorithm).
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  const signals: Signal[] = [];
  const releases: { pressId: string; outcome: string }[] = [];
  const latest = new Map<string, Signal>();
  const applications = new Map<string, z.infer<typeof appSchema>>();
  const waiting = new Set<() => void>();
  client.on('message', (topic, payload) => {
    const at = performance.now();
    if (payload.length === 0) return;
    const levels = topic.slice(prefix.length + 1).split('/');
    if (levels[2] === 'app')
      applications.set(levels[4] ?? '', appSchema.parse(JSON.parse(payload.toString())));
    else if (levels[2] === 'release') releases.push(releaseSchema.parse(JSON.parse(payload.toString())));
    else {
      const button = levels[1] ?? '';
      const signal = { at, button, ...signalSchema.parse(JSON.parse(payload.toString())) };
      signals.push(signal);
      latest.set(button, signal);
    }
    for (const look of waiting) look();
  });
  await client.subscribeAsync(
    [`${prefix}/button/+/signal`, `${prefix}/worker/main/app/+/+`, `${prefix}/worker/main/release/last`],
    {
      qos: 1,
    },
  );
  return {
    signals,
    releases,
    applications: () => applications.size,
    isDrifted: (name) => {
      const { sync, permitted } = applications.get(name) ?? {};
      return sync === 'OutOfSync' && permitted !== undefined;
    },
    latest: (button) => latest.get(button),
    publish: (topic, payload) => void client.publish(`${prefix}/${topic}`, payload, { qos: 1 }),
    until: (what, find, limitMs = 60_000) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          waiting.delete(look);
          const last = JSON.stringify([...latest.values()]);
          reject(new Error(`waited ${limitMs / 1000} s in vain for ${what}; the signals are ${last}`));
        }, limitMs);
        const look = () => {
          const found = find();
          if (found === undefined) return;
          clearTimeout(limit);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    end: () => client.endAsync(),
  };
}
