// Describes a JSON Schema in words: the members of a payload and their types.
import * as z from 'zod/mini';
import type { JsonSchema } from './message-forms.ts';
import { applicationKeySchema, idSchema, requestIdSchema } from '../messages/ids.ts';
import { pressWordPattern } from '../messages/press-text.ts';

export interface Member {
  /** `apps[].name`: the member `name` of each entry of the list `apps` */
  readonly path: string;
  readonly type: string;
  readonly optional: boolean;
}

type Anything = JsonSchema | boolean | undefined;

const patternsInWords: ReadonlyMap<unknown, string> = new Map([
  [patternOf(idSchema), 'an id'],
  [patternOf(requestIdSchema), '1 to 64 printable characters'],
  [
    pressWordPattern.source,
    'one word of 1 to 64 characters that is not [rejected](#what-is-rejected-as-malformed)',
  ],
  [patternOf(applicationKeySchema), '`<namespace>/<name>`'],
]);

/** All members. The members of an inner object follow it. Empty if the payload is not an object. */
export function membersOf(schema: Anything, path = ''): readonly Member[] {
  if (typeof schema !== 'object') return [];
  const prefix = path === '' ? '' : `${path}.`;
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    {
      path: `${prefix}${name}`,
      type: typeOf(inner),
      optional: !(schema.required ?? []).includes(name),
    },
    ...membersOf(inner, `${prefix}${name}`),
  ]);
  const items = Array.isArray(schema.items) ? [] : membersOf(schema.items, `${path}[]`);
  return [...own, ...items, ...(schema.anyOf ?? []).flatMap((branch) => membersOf(branch, path))];
}

export function typeOf(schema: Anything): string {
  if (typeof schema !== 'object') return 'anything';
  const { anyOf, enum: words, const: only, type } = schema;
  if (only !== undefined) return `\`${String(only)}\``;
  if (words !== undefined) return words.map((word) => `\`${String(word)}\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(typeOf).join(', or ');
  switch (type) {
    case 'string':
      return textType(schema);
    case 'integer':
      return `whole number${range(schema.minimum, schema.maximum)}`;
    case 'number':
      return `number${range(schema.minimum, schema.maximum)}`;
    case 'boolean':
      return '`true`, `false`';
    case 'array':
      return listType(schema);
    case 'object':
      return schema.properties === undefined ? mapType(schema) : 'object';
    case 'null':
    case undefined:
    default:
      return 'anything';
  }
}

function textType({ format, pattern, minLength, maxLength }: JsonSchema): string {
  if (format === 'date-time') return 'time';
  return patternsInWords.get(pattern) ?? `text${range(minLength, maxLength, 'characters')}`;
}

function listType({ items, minItems, maxItems }: JsonSchema): string {
  const entry = Array.isArray(items) ? 'anything' : typeOf(items);
  return `list of ${entry === 'object' ? 'objects' : entry}${range(minItems, maxItems, 'entries')}`;
}

function mapType({ propertyNames, additionalProperties }: JsonSchema): string {
  return `object of ${typeOf(propertyNames)} to ${typeOf(additionalProperties)}`;
}

/** Ignores the limits of safe integers, which zod adds to every whole number. */
function range(least: number | undefined, most: number | undefined, unit = ''): string {
  const from = least === Number.MIN_SAFE_INTEGER ? undefined : least;
  const to = most === Number.MAX_SAFE_INTEGER ? undefined : most;
  const count = (value: number) => value.toLocaleString('en');
  const of = unit === '' ? '' : ` ${unit}`;
  if (from !== undefined && to !== undefined) return `, ${count(from)} to ${count(to)}${of}`;
  if (from !== undefined) return from === 1 && unit !== '' ? ', not empty' : `, at least ${count(from)}${of}`;
  return to === undefined ? '' : `, at most ${count(to)}${of}`;
}

function patternOf(schema: z.ZodMiniType): unknown {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }).pattern;
}
