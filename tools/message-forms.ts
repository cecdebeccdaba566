// The payloads of each row as JSON Schema. A row has one form, or two if it also accepts bare text.
import * as z from 'zod/mini';
import { channels } from '../messages/all.ts';
import { examples, type RowName } from './message-examples.ts';
import { patternNames } from '../messages/pattern.ts';
import { pressWordPattern } from '../messages/press-text.ts';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** One form of payload. */
export interface Form {
  /** the name of the row; for the form with bare text, followed by `Text` */
  readonly name: string;
  readonly row: RowName;
  readonly contentType: 'application/json' | 'text/plain';
  /** JSON Schema draft 7, which AsyncAPI 3 uses */
  readonly schema: JsonSchema;
  /** a JSON value; for bare text, a string */
  readonly example: unknown;
}

/** The bare text that each row with `textOrJson` accepts. */
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

/** The example in the form in which a client sends it. */
export function wireOf({ contentType, example }: Form): string {
  return contentType === 'text/plain' && typeof example === 'string' ? example : JSON.stringify(example);
}

/** The schema of the messages that the receiver accepts. Except in requests, it accepts unknown members. */
function jsonSchema(schema: z.ZodMiniType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return rest;
}

/** Removes bare text from the JSON schema, because bare text has no quotes and so is not JSON. */
function withoutTexts(schema: JsonSchema): JsonSchema {
  if (schema.anyOf === undefined) return schema;
  const [first, ...others] = schema.anyOf.filter(({ type }) => type !== 'string');
  return first !== undefined && others.length === 0 ? first : { ...schema, anyOf: [first ?? {}, ...others] };
}

function keysOf<Row extends string>(rows: Readonly<Record<Row, unknown>>): Row[] {
  const isRow = (key: string): key is Row => Object.hasOwn(rows, key);
  return Object.keys(rows).filter(isRow);
}
