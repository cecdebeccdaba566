// A row of the contract: topic template, delivery and codec in one value. No other code spells a topic.
import type { Codec } from './codec.ts';
import { fitsPlaceholder } from './ids.ts';
import type { Placeholder } from './ids.ts';

type PlaceholderIn<Template extends string> = Template extends `${string}<${infer Name}>${infer Rest}`
  ? Name | PlaceholderIn<Rest>
  : never;

export type Params<Template extends string> = { readonly [Name in PlaceholderIn<Template>]: string };

/** `state` is retained and owned by its publisher; an `event` is never retained. */
export type Kind = 'state' | 'event';

export interface Delivery {
  readonly kind: Kind;
  readonly qos: 0 | 1;
  /** Message expiry of MQTT 5, in seconds. Absent: none. */
  readonly expirySeconds?: number;
}

/** The description of a channel in the generated documents. */
export interface About {
  readonly from: readonly Sender[];
  readonly summary: string;
}
export type Sender = 'agent' | 'worker' | 'home-assistant' | 'anyone allowed';

/** The destination of one message: a topic below the prefix, its delivery and its encoding. */
export interface Address<Message, K extends Kind = Kind> {
  readonly topic: string;
  /** The topic is foreign and complete, not below the prefix. */
  readonly foreign?: true;
  readonly kind: K;
  readonly delivery: Delivery;
  readonly codec: Codec<Message>;
}

/** A subscription: a topic filter below the prefix, and how to read the messages. */
export interface Filter<Message, P> {
  readonly filter: string;
  /** The filter is foreign and complete, not below the prefix. */
  readonly foreign?: true;
  readonly codec: Codec<Message>;
  /** The parameters of a topic (below the prefix, unless foreign), or undefined if it does not match the row. */
  readonly match: (topic: string) => P | undefined;
}

export interface Channel<Template extends string, Message, K extends Kind> {
  readonly template: Template;
  readonly delivery: Delivery;
  readonly about: About;
  readonly codec: Codec<Message>;
  /** @throws RangeError when a parameter does not fit into its topic level. */
  at(params: Params<Template>): Address<Message, K>;
  /** A missing parameter matches any value. @throws RangeError as `at` does. */
  filter(params?: Partial<Params<Template>>): Filter<Message, Params<Template>>;
}

export function channel<const Template extends string, Message, const K extends Kind>(
  template: Template & (PlaceholderIn<Template> extends Placeholder ? unknown : never),
  row: Omit<Delivery, 'kind'> & { readonly kind: K } & About,
  codec: Codec<Message>,
): Channel<Template, Message, K> {
  const levels: readonly string[] = template.split('/');
  const delivery: Delivery = {
    kind: row.kind,
    qos: row.qos,
    ...(row.expirySeconds === undefined ? {} : { expirySeconds: row.expirySeconds }),
  };

  const fill = (params: Readonly<Record<string, string | undefined>>, missing: (name: string) => string) =>
    levels
      .map((level) => {
        const name = placeholderOf(level);
        if (name === undefined) return level;
        const value = params[name];
        if (value === undefined) return missing(name);
        if (!fitsPlaceholder(name, value))
          throw new RangeError(`${JSON.stringify(value)} is not a valid <${name}> for the topic ${template}`);
        return value;
      })
      .join('/');

  const match = (topic: string): Params<Template> | undefined => {
    const parts = topic.split('/');
    if (parts.length !== levels.length) return undefined;
    const params: Record<string, string> = {};
    for (const [index, level] of levels.entries()) {
      const part = parts[index] ?? '';
      const name = placeholderOf(level);
      if (name === undefined) {
        if (part !== level) return undefined;
      } else if (fitsPlaceholder(name, part)) params[name] = part;
      else return undefined;
    }
    return isComplete<Template>(params, levels) ? params : undefined;
  };

  return {
    template,
    delivery,
    about: { from: row.from, summary: row.summary },
    codec,
    at: (params) => ({
      topic: fill(params, (name) => {
        throw new RangeError(`<${name}> is missing in the topic ${template}`);
      }),
      kind: row.kind,
      delivery,
      codec,
    }),
    filter: (params = {}) => ({ filter: fill(params, () => '+'), codec, match }),
  };
}

function placeholderOf(level: string): string | undefined {
  return level.startsWith('<') && level.endsWith('>') ? level.slice(1, -1) : undefined;
}

function isComplete<Template extends string>(
  params: Readonly<Record<string, string>>,
  levels: readonly string[],
): params is Record<string, string> & Params<Template> {
  return levels.every((level) => {
    const name = placeholderOf(level);
    return name === undefined || Object.hasOwn(params, name);
  });
}
