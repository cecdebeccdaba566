// Turns bytes into messages and back. Payloads are parsed only here, once, with a size limit and a schema.
import * as z from 'zod/mini';
import { requestIdSchema } from './ids.ts';
import { inWords } from './faults.ts';
import { memberTwice, unknownInWords } from './members-of-requests.ts';
import type { OtherNames } from './members-of-requests.ts';

export type Decoded<Message> =
  | { readonly ok: true; readonly value: Message }
  | {
      readonly ok: false;
      readonly error: string;
      /** The id of a request whose other members cannot be read, so that its sender gets an answer */
      readonly id?: string;
    };

export interface Codec<Message> {
  readonly contentType: 'application/json' | 'text/plain';
  /** Description of the payload for the generated documents. */
  readonly schema: z.ZodMiniType<Message>;
  readonly maxBytes: number;
  encode(message: Message): string;
  /** True if a payload is empty. Absent: only a payload of no bytes is. */
  readonly isEmpty?: (payload: Uint8Array) => boolean;
  /** Never throws. The error is a sentence for the log. */
  decode(payload: Uint8Array): Decoded<Message>;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(payload: Uint8Array, maxBytes: number): Decoded<string> {
  // An empty payload clears a retained message. It has no content, and is never a press.
  if (payload.byteLength === 0) return { ok: false, error: 'the payload is empty' };
  if (payload.byteLength > maxBytes)
    return { ok: false, error: `the payload has ${payload.byteLength} bytes, more than ${maxBytes}` };
  try {
    return { ok: true, value: utf8.decode(payload) };
  } catch {
    return { ok: false, error: 'the payload is not UTF-8 text' };
  }
}

/** @param otherNames given for a request, whose members must be unique */
export function parseJson<Message>(
  text: string,
  schemaOf: SchemaOf<Message>,
  unparsable = 'the payload is not JSON',
  otherNames?: OtherNames,
): Decoded<Message> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, error: unparsable };
  }
  const schema = typeof schemaOf === 'function' ? schemaOf(json) : schemaOf;
  if (otherNames === undefined) return parse(json, schema);
  const twice = memberTwice(text);
  const decoded: Decoded<Message> =
    twice === undefined
      ? parse(json, schema, otherNames)
      : { ok: false, error: `the member ${JSON.stringify(twice)} occurs twice; keep one` };
  const { success, data } = identifiedSchema.safeParse(json);
  return decoded.ok || !success ? decoded : { ...decoded, id: data.id };
}

/** One schema, or a function that chooses one by the JSON, so that errors are about the intended form. */
type SchemaOf<Message> = z.ZodMiniType<Message> | ((json: unknown) => z.ZodMiniType<Message>);

const identifiedSchema = z.object({ id: requestIdSchema });

/** The longest error, which goes into one line of the log. In characters. */
const errorLength = 500;

function parse<Message>(
  value: unknown,
  schema: z.ZodMiniType<Message>,
  otherNames: OtherNames = {},
): Decoded<Message> {
  const result = schema.safeParse(value, { error: inWords });
  if (result.success) return { ok: true, value: result.data };
  const problems = result.error.issues.slice(0, 5).map((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownInWords(schema, issue.path, issue.keys, otherNames);
    return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message;
  });
  // The sender chooses the names of members. They may be as long as the payload.
  return { ok: false, error: problems.join('; ').slice(0, errorLength) };
}

/** JSON payloads. `maxBytes` limits what is parsed, not what is sent. */
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

/** The largest request that is read, in bytes. */
const requestBytes = 16_384;

/**
 * A request in JSON.
 * @param schema lists every allowed member (`z.strictObject`): others are refused
 */
export function request<Message>(
  schema: z.ZodMiniType<Message>,
  otherNames: OtherNames = {},
): Codec<Message> {
  return {
    ...json(schema, requestBytes),
    decode: (payload) => {
      const text = decodeText(payload, requestBytes);
      return text.ok ? parseJson(text.value, schema, undefined, otherNames) : text;
    },
  };
}

/** One bare word from a list. */
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

const notJson = 'the payload starts like JSON but cannot be parsed; put names and texts in double quotes';

/**
 * A request as bare text or as JSON: text that starts with `{` or `[` is JSON, all other text goes through `fromText`.
 * @param object the schema for JSON, or the schemas to choose from; absent: `schema`. As with `request`, it lists every
 * allowed member
 * @param toText returns the bare text of the message, if it has one; undefined: it is sent as JSON
 */
export function textOrJson<Message>(options: {
  readonly schema: z.ZodMiniType<Message>;
  readonly object?: SchemaOf<NoInfer<Message>>;
  readonly otherNames?: OtherNames;
  readonly fromText: (text: string) => Decoded<NoInfer<Message>>;
  readonly toText?: (message: NoInfer<Message>) => string | undefined;
  readonly isEmpty?: (payload: Uint8Array) => boolean;
}): Codec<Message> {
  const { schema, object = schema, otherNames = {}, isEmpty } = options;
  return {
    contentType: 'application/json',
    schema,
    maxBytes: requestBytes,
    ...(isEmpty === undefined ? {} : { isEmpty }),
    encode: (message) => options.toText?.(message) ?? JSON.stringify(message),
    decode: (payload) => {
      const text = decodeText(payload, requestBytes);
      if (!text.ok) return text;
      const trimmed = text.value.trim();
      return trimmed.startsWith('{') || trimmed.startsWith('[')
        ? parseJson(trimmed, object, notJson, otherNames)
        : options.fromText(trimmed);
    },
  };
}

/** Any text, for foreign payloads. Only their configuration knows their form. */
export function text(maxBytes = 16_384): Codec<string> {
  return {
    contentType: 'text/plain',
    schema: z.string(),
    maxBytes,
    encode: (message) => message,
    decode: (payload) => decodeText(payload, maxBytes),
  };
}
