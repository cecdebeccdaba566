// The payloads of each row as JSON Schema: one form a row, or two if the row also accepts bare text.
import * as z from 'zod/mini';
import { channels } from '../messages/all.ts';
import { examples, type RowName } from './message-examples.ts';
import { patternNames } from '../messages/pattern.ts';
import { pressWordPattern } from '../messages/press-text.ts';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** One form of payload. */
export interface Form {
  /** the row's name; the second form, bare text, ends in `Text` */
  readonly name: string;
  readonly row: RowName;
  readonly contentType: 'application/json' | 'text/plain';
  /** JSON Schema draft 7, which AsyncAPI 3 uses */
  readonly schema: JsonSchema;
  /** a JSON value; a string if the content type is text */
  readonly example: unknown;
}

/** The bare text that a row with `textOrJson` accepts. */
const bareTexts: { readonly [Row in RowName]?: { schema: z.ZodMiniType<string>; example: string } } = {
  buttonPress: {
    schema: z.string().check(z.regex(pressWordPattern)),
    example: 'press',
  },
  ledSet: { schema: z.enum(['auto', ...patternNames]), example: 'sos' },
  freezeSet: { schema: z.enum(['on', 'off']), example: 'on' },
  workerFreezeSet: { schema: z.enum(['on', 'off']), example: 'off' },
};

export const rowNames: readonly RowName[] = keysOf(channels);

export function formsOf(row: RowName): readonly Form[] {
  const { contentType, schema } = channels[row].codec;
  const bare = bareTexts[row];
  const main: Form = {
    name: row,
    row,
    contentType,
    schema: bare === undefined ? jsonSchema(schema) : withoutTexts(jsonSchema(schema)),
    example: examples[row],
  };
  if (bare === undefined) return [main];
  return [
    main,
    {
      name: `${row}Text`,
      row,
      contentType: 'text/plain',
      schema: jsonSchema(bare.schema),
      example: bare.example,
    },
  ];
}

/** The example as the payload that a client sends. */
export function wireOf({ contentType, example }: Form): string {
  return contentType === 'text/plain' && typeof example === 'string' ? example : JSON.stringify(example);
}

/** The schema of what the receiver accepts. It accepts unknown members, except in requests. */
function jsonSchema(schema: z.ZodMiniType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return rest;
}

/** Bare text has no quotes, so it is no branch of the JSON schema. */
function withoutTexts(schema: JsonSchema): JsonSchema {
  if (schema.anyOf === undefined) return schema;
  const [first, ...others] = schema.anyOf.filter(({ type }) => type !== 'string');
  return first !== undefined && others.length === 0 ? first : { ...schema, anyOf: [first ?? {}, ...others] };
}

function keysOf<Row extends string>(rows: Readonly<Record<Row, unknown>>): Row[] {
  const isRow = (key: string): key is Row => Object.hasOwn(rows, key);
  return Object.keys(rows).filter(isRow);
}
