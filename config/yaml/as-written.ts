// From what YAML makes of a text to what its writer meant. YAML reads `True`, `01` and `1.0` as values of other kinds and
// forgets how they were written; where text is wanted, the text as written counts. And a key without a value is a key
// that is not set, but not inside a map such as `select`, which it would make wider than it was meant.
import * as z from 'zod/mini';
import { isMap, isSetting, type Group, type Setting } from '../declare.ts';
import { bare } from '../problems/schema-words.ts';

export interface AsWritten {
  readonly value: unknown;
  /** Where text, a number, true and false are all wanted, and YAML has changed what was written. */
  readonly unclear: readonly Unclear[];
}

interface Unclear {
  readonly path: readonly PropertyKey[];
  readonly written: string;
  readonly readAs: string;
}

type SourceOf = (path: readonly PropertyKey[]) => string | undefined;

/** @param sourceOf the text of a scalar as it was written, by its path in `value` */
export function asWritten(setting: Setting, value: unknown, sourceOf: SourceOf): AsWritten {
  const unclear: Unclear[] = [];

  const visit = (
    schema: z.core.$ZodType,
    items: Group | undefined,
    inner: unknown,
    path: readonly PropertyKey[],
  ): unknown => {
    const wanted = bare(schema);
    if (Array.isArray(inner)) {
      const element = elementOf(wanted);
      return inner.map((entry: unknown, index) => {
        const at = [...path, index];
        if (items !== undefined && isMap(entry)) return visitGroup(items, entry, at);
        return element === undefined ? entry : visit(element, undefined, entry, at);
      });
    }
    if (isMap(inner)) {
      const entries = Object.entries(inner).map(([key, member]): [string, unknown] => {
        const memberSchema = memberOf(wanted, key);
        return [
          key,
          memberSchema === undefined ? member : visit(memberSchema, undefined, member, [...path, key]),
        ];
      });
      return Object.fromEntries(entries);
    }
    if (typeof inner !== 'number' && typeof inner !== 'boolean') return inner;
    const written = sourceOf(path);
    if (written === undefined) return inner;
    if (wantsText(wanted)) return written;
    if (wanted instanceof z.ZodMiniCustom && written !== String(inner))
      unclear.push({ path, written, readAs: String(inner) });
    return inner;
  };

  const visitGroup = (
    group: Group,
    entry: Readonly<Record<string, unknown>>,
    path: readonly PropertyKey[],
  ): unknown =>
    Object.fromEntries(
      Object.entries(entry).flatMap(([key, member]): [string, unknown][] => {
        const declared = Object.hasOwn(group, key) ? group[key] : undefined;
        if (declared === undefined || !isSetting(declared)) return [[key, member]];
        if (member === null) return [];
        return [[key, visit(declared.schema, declared.items, member, [...path, key])]];
      }),
    );

  return { value: visit(setting.schema, setting.items, value, []), unclear };
}

function elementOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodMiniArray) return schema.def.element;
  if (!(schema instanceof z.ZodMiniUnion)) return undefined;
  return schema.def.options
    .map(bare)
    .map(elementOf)
    .find((element) => element !== undefined);
}

function memberOf(schema: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodMiniRecord) return schema.def.valueType;
  if (!(schema instanceof z.ZodMiniObject)) return undefined;
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.def.shape;
  return Object.hasOwn(shape, key) ? shape[key] : undefined;
}

/** Text, or a list of texts, and no number. */
function wantsText(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodMiniUnion)
    return schema.def.options
      .map(bare)
      .every((option) => wantsText(option) || elementOf(option) !== undefined);
  return schema instanceof z.ZodMiniString || schema instanceof z.ZodMiniEnum;
}
