// A link without a network. It records what the agent publishes, and delivers what a test sends, through the real codecs.
import { Buffer } from 'node:buffer';
import type { Address, Filter } from '../../messages/channel.ts';
import type { AgentLink } from '../../gpio-agent/options.ts';
import type { LinkState } from '../../service/link/link.ts';

type Outcome = Awaited<ReturnType<AgentLink['publishNow']>>;

interface Sent {
  readonly topic: string;
  readonly message: unknown;
}

export interface FakeLink {
  readonly link: AgentLink;
  /** the newest retained state of each topic */
  readonly state: ReadonlyMap<string, unknown>;
  /** states in the order in which they were published */
  readonly states: readonly Sent[];
  /** messages that were sent by `publishNow`, in their order */
  readonly sentNow: readonly Sent[];
  /** How the broker answers the next presses. */
  outcome: Outcome;
  /** If set, presses fail with this error before they are sent. */
  throws: Error | undefined;
  /** While true, presses wait for `answer`. */
  holdsBack: boolean;
  answer(outcome: Outcome): void;
  connect(): void;
  disconnect(): void;
  deliver(topic: string, payload: unknown, options?: { readonly retained?: boolean }): void;
}

export function createFakeLink(): FakeLink {
  const routes: ((topic: string, payload: Uint8Array, retained: boolean) => void)[] = [];
  const listeners = new Set<(state: LinkState) => void>();
  const retained = new Map<string, unknown>();
  const states: Sent[] = [];
  const sentNow: Sent[] = [];
  let pendingAnswers: ((outcome: Outcome) => void)[] = [];
  let state: LinkState = { state: 'stopped', since: 0, message: 'not started' };

  const setState = (next: LinkState['state']) => {
    state = { state: next, since: 0, message: next };
    for (const listener of listeners) listener(state);
  };

  /** The message as a receiver decodes it. A message that does not fit its own row fails the test. */
  const overTheWire = <M>(address: Address<M>, message: M): M => {
    const decoded = address.codec.decode(Buffer.from(address.codec.encode(message)));
    if (!decoded.ok) throw new Error(`${address.topic}: ${decoded.error}`);
    return decoded.value;
  };

  const subscribe: AgentLink['subscribe'] = (filter, handler) => {
    routes.push((topic, payload, isRetained) => {
      const params = matching(filter, topic);
      if (params === undefined) return;
      const about = { params, topic, retained: isRetained, version: 5 } as const;
      const decoded = payload.byteLength === 0 ? undefined : filter.codec.decode(payload);
      if (decoded === undefined) handler(undefined, about);
      else if (decoded.ok) handler(decoded.value, about);
    });
  };

  const fake: FakeLink = {
    state: retained,
    states,
    sentNow,
    outcome: 'acknowledged',
    throws: undefined,
    holdsBack: false,
    answer: (outcome) => {
      for (const resolve of pendingAnswers) resolve(outcome);
      pendingAnswers = [];
    },
    connect: () => setState('connected'),
    disconnect: () => setState('connecting'),
    deliver: (topic, payload, { retained: isRetained = false } = {}) => {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      for (const route of routes) route(topic, Buffer.from(text), isRetained);
    },
    link: {
      get state() {
        return state;
      },
      onState: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      subscribe,
      publish: (address, message) => {
        const sent = { topic: address.topic, message: overTheWire(address, message) };
        retained.set(sent.topic, sent.message);
        states.push(sent);
      },
      publishNow: (address, message) => {
        if (fake.throws !== undefined) return Promise.reject(fake.throws);
        if (state.state !== 'connected') return Promise.resolve('not-connected');
        sentNow.push({ topic: address.topic, message: overTheWire(address, message) });
        if (!fake.holdsBack) return Promise.resolve(fake.outcome);
        return new Promise((resolve) => {
          pendingAnswers.push(resolve);
        });
      },
    },
  };
  return fake;
}

function matching<M, P>(filter: Filter<M, P>, topic: string): P | undefined {
  const levels = filter.filter.split('/');
  const parts = topic.split('/');
  const isMatch =
    levels.length === parts.length && levels.every((level, at) => level === '+' || level === parts[at]);
  return isMatch ? filter.match(topic) : undefined;
}
