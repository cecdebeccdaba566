// Guesses what the writer of an invalid value meant. A suggestion always fits the schema, and never selects more than was
// written.
import * as z from 'zod/mini';
import { nearest } from '../../messages/nearest.ts';
import { isMap } from '../setting.ts';
import { numberMeant } from './quantities.ts';
import { bare, choicesOf } from './schema-words.ts';

type Schema = z.core.$ZodType;
type Guess = (value: unknown) => readonly unknown[];

const guesses = new WeakMap<Schema, Guess>();

/** Adds, to the schema of a map, guesses for values that are not a map. */
export function withLikelyValues<S extends Schema>(schema: S, guess: Guess): S {
  guesses.set(schema, guess);
  return schema;
}

/** Values that the schema accepts, the likeliest first. Empty if there is no good guess. */
export function likelyValues(schema: Schema, name: string, value: unknown): readonly unknown[] {
  return candidates(bare(schema), name, value).filter(
    (candidate) =>
      !(Array.isArray(candidate) && candidate.length === 0) &&
      z.safeParse(schema, candidate, { jitless: true }).success,
  );
}

/** The words of a text or list: `shop, web` has two. */
export function wordsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(wordsIn);
  if (typeof value === 'string') return value.split(/[\s,;]+/).filter((word) => word !== '');
  const text = plainText(value);
  return text === undefined ? [] : [text];
}

/** A single value as text; undefined for a list or map. */
function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function candidates(schema: Schema, name: string, value: unknown): readonly unknown[] {
  const guess = guesses.get(schema);
  if (guess !== undefined) return guess(value);
  if (schema instanceof z.ZodMiniArray) return listsMeant(bare(schema.def.element), name, value);
  if (schema instanceof z.ZodMiniUnion)
    return schema.def.options.flatMap((option) => candidates(bare(option), name, value));
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [only, ...others] = all;
  if (others.length > 0) return [];
  if (schema instanceof z.ZodMiniNumber) {
    const number = typeof only === 'string' ? numberMeant(name, only) : only;
    return number === undefined ? [] : [number];
  }
  if (schema instanceof z.ZodMiniBoolean) return booleanMeant(only);
  if (schema instanceof z.ZodMiniEnum) {
    const near = typeof only === 'string' ? nearest(only, choicesOf(schema)) : undefined;
    return near === undefined ? [] : [near];
  }
  return schema instanceof z.ZodMiniString && Array.isArray(value) ? [only] : [];
}

function booleanMeant(value: unknown): readonly boolean[] {
  const word = String(value).toLowerCase();
  if (/^(true|yes|y|on|1)$/.test(word)) return [true];
  return /^(false|no|n|off|0)$/.test(word) ? [false] : [];
}

function listsMeant(element: Schema, name: string, value: unknown): readonly unknown[] {
  if (element instanceof z.ZodMiniArray) {
    const groups: readonly unknown[] = Array.isArray(value) ? value : wordsIn(value);
    return groups.length === 0
      ? []
      : [groups.map((group): readonly unknown[] => (Array.isArray(group) ? group : [group]))];
  }
  if (Array.isArray(value)) {
    const each = value.map(
      (entry: unknown) => [...textsIn(element, entry), ...candidates(element, name, entry), entry][0],
    );
    return [each];
  }
  if (isMap(value)) {
    if (element instanceof z.ZodMiniString)
      return [textsIn(element, value), Object.keys(value).filter((key) => value[key] === null)];
    // `main: {…}` means an entry whose id is main.
    const named = Object.entries(value).map(([id, entry]) => (isMap(entry) ? { id, ...entry } : undefined));
    return [[value], named];
  }
  if (element instanceof z.ZodMiniString || element instanceof z.ZodMiniEnum)
    return [wordsIn(value), wordsIn(value).map((word) => candidates(element, name, word)[0])];
  return [[candidates(element, name, value)[0]]];
}

/** `PruneLast: true` means `PruneLast=true`. In other lists only the value counts, as in `name: shop`. */
function textsIn(element: Schema, value: unknown): readonly string[] {
  if (!(element instanceof z.ZodMiniString) || !isMap(value)) return [];
  const takes = (text: string) => z.safeParse(element, text, { jitless: true }).success;
  return Object.entries(value).flatMap(([key, inner]) => {
    const alone = plainText(inner);
    if (alone === undefined) return [];
    const both = `${key}=${alone}`;
    // If both forms are valid, either may be meant.
    return takes(both) === takes(alone) ? [] : [takes(both) ? both : alone];
  });
}
