// Bytes to messages and back: the edge where payloads are parsed once, bounded and by a schema.
import * as z from 'zod/mini';

export type Decoded<Message> =
  { readonly ok: true; readonly value: Message } | { readonly ok: false; readonly error: string };

export interface Codec<Message> {
  readonly contentType: 'application/json' | 'text/plain';
  /** Describes the payload for the generated documents. */
  readonly schema: z.ZodMiniType<Message>;
  readonly maxBytes: number;
  encode(message: Message): string;
  /** Never throws; the error is a sentence fit for a log line. */
  decode(payload: Uint8Array): Decoded<Message>;
}

const english = z.locales.en().localeError;
const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(payload: Uint8Array, maxBytes: number): Decoded<string> {
  // It clears a retained message and says nothing; above all it is no press.
  if (payload.byteLength === 0) return { ok: false, error: 'the payload is empty' };
  if (payload.byteLength > maxBytes)
    return { ok: false, error: `the payload has ${payload.byteLength} bytes, more than ${maxBytes}` };
  try {
    return { ok: true, value: utf8.decode(payload) };
  } catch {
    return { ok: false, error: 'the payload is not UTF-8 text' };
  }
}

export function parseJson<Message>(
  text: string,
  schema: z.ZodMiniType<Message>,
  unparsable = 'the payload is not JSON',
): Decoded<Message> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, error: unparsable };
  }
  return parse(json, schema);
}

/** An error is for a line of a log. In characters. */
const errorLength = 500;

function parse<Message>(value: unknown, schema: z.ZodMiniType<Message>): Decoded<Message> {
  // zod/mini words nothing by itself.
  const result = schema.safeParse(value, { error: english });
  if (result.success) return { ok: true, value: result.data };
  const problems = result.error.issues
    .slice(0, 5)
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message));
  // Names of members are the sender's and may be as long as the payload.
  return { ok: false, error: problems.join('; ').slice(0, errorLength) };
}

/** JSON payloads. `maxBytes` bounds what is parsed, not what is sent. */
export function json<Message>(schema: z.ZodMiniType<Message>, maxBytes = 262_144): Codec<Message> {
  return {
    contentType: 'application/json',
    schema,
    maxBytes,
    encode: (message) => JSON.stringify(message),
    decode: (payload) => {
      const text = decodeText(payload, maxBytes);
      return text.ok ? parseJson(text.value, schema) : text;
    },
  };
}

/** One bare word out of a list. */
export function word<const Word extends string>(words: readonly [Word, ...Word[]]): Codec<Word> {
  const schema = z.enum(words);
  const maxBytes = 256;
  return {
    contentType: 'text/plain',
    schema,
    maxBytes,
    encode: (message) => message,
    decode: (payload) => {
      const text = decodeText(payload, maxBytes);
      return text.ok ? parse(text.value.trim(), schema) : text;
    },
  };
}

/**
 * A bare text or JSON: what starts with `{` or `[` is JSON, anything else goes through `fromText`.
 * @param toText gives the bare text where the message has one; undefined: sent as JSON.
 */
export function textOrJson<Message>(options: {
  readonly schema: z.ZodMiniType<Message>;
  readonly maxBytes: number;
  readonly fromText: (text: string) => Decoded<NoInfer<Message>>;
  readonly toText?: (message: NoInfer<Message>) => string | undefined;
}): Codec<Message> {
  const { schema, maxBytes } = options;
  return {
    contentType: 'application/json',
    schema,
    maxBytes,
    encode: (message) => options.toText?.(message) ?? JSON.stringify(message),
    decode: (payload) => {
      const text = decodeText(payload, maxBytes);
      if (!text.ok) return text;
      const trimmed = text.value.trim();
      return trimmed.startsWith('{') || trimmed.startsWith('[')
        ? parseJson(trimmed, schema, 'the payload starts like JSON and cannot be parsed')
        : options.fromText(trimmed);
    },
  };
}

/** Whatever text there is, for payloads of others whose form only their configuration knows. */
export function text(maxBytes = 16_384): Codec<string> {
  return {
    contentType: 'text/plain',
    schema: z.string(),
    maxBytes,
    encode: (message) => message,
    decode: (payload) => decodeText(payload, maxBytes),
  };
}
