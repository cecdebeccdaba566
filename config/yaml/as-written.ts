// YAML reads `True`, `01` and `1.0` as a boolean and numbers. If a setting takes text, such a value becomes the text that was written.
import * as z from 'zod/mini';
import { bare } from '../problems/schema-words.ts';
import { isMap, isSetting, type Group, type Setting } from '../setting.ts';

interface AsWritten {
  readonly value: unknown;
  /** Values that YAML has changed, in settings that accept both text and numbers or booleans. */
  readonly unclear: readonly Unclear[];
}

interface Unclear {
  readonly path: readonly PropertyKey[];
  readonly written: string;
  readonly readAs: string;
}

/** @param sourceOf the text of a scalar as it was written, by its path in `value` */
export function asWritten(
  setting: Setting,
  value: unknown,
  sourceOf: (path: readonly PropertyKey[]) => string | undefined,
): AsWritten {
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
      if (element === undefined) return inner;
      return inner.map((entry: unknown, index) => visit(element, items, entry, [...path, index]));
    }
    if (isMap(inner)) {
      const entries = Object.entries(inner).flatMap(([key, member]): [string, unknown][] => {
        const memberSchema = memberOf(wanted, key);
        if (memberSchema === undefined) return [[key, member]];
        const declared = items !== undefined && Object.hasOwn(items, key) ? items[key] : undefined;
        // A declared key without a value counts as not set. In other maps, such as `select`, dropping a key would select more.
        if (declared !== undefined && member === null) return [];
        const inside = declared && isSetting(declared) ? declared.items : undefined;
        return [[key, visit(memberSchema, inside, member, [...path, key])]];
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

/** Whether the schema accepts text or a list of texts, but no numbers. */
function wantsText(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodMiniUnion)
    return schema.def.options
      .map(bare)
      .every((option) => wantsText(option) || elementOf(option) !== undefined);
  return schema instanceof z.ZodMiniString || schema instanceof z.ZodMiniEnum;
}
