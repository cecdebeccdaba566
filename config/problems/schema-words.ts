// Says in words what a zod schema accepts, and looks up what is inside a schema.
import * as z from 'zod/mini';
import { rangeInWords, unitOf } from './quantities.ts';

export type ValueKind = 'text' | 'number' | 'boolean' | 'list';

type Schema = z.core.$ZodType;

/** The schema without its wrappers for defaults, optional values and transformations. */
export function bare(schema: Schema): Schema {
  if (
    schema instanceof z.ZodMiniPrefault ||
    schema instanceof z.ZodMiniDefault ||
    schema instanceof z.ZodMiniOptional ||
    schema instanceof z.ZodMiniExactOptional
  ) {
    return bare(schema.def.innerType);
  }
  return schema instanceof z.ZodMiniPipe ? bare(schema.def.in) : schema;
}

export function kindOf(schema: Schema): ValueKind {
  const inner = bare(schema);
  if (inner instanceof z.ZodMiniNumber) return 'number';
  if (inner instanceof z.ZodMiniBoolean) return 'boolean';
  return inner instanceof z.ZodMiniArray ? 'list' : 'text';
}

/** For example `a whole number from 0 to 65535`. @param name the name of the key, which may contain the unit */
export function allowed(schema: Schema, name = ''): string {
  const inner = bare(schema);
  if (inner instanceof z.ZodMiniNumber) {
    const [minimum, maximum] = rangeOf(inner);
    const unit = unitOf(name);
    const range = `from ${minimum} to ${maximum}`;
    const words = rangeInWords(name, minimum, maximum);
    return unit === undefined || words === undefined
      ? `a whole number ${range}`
      : `a number of ${unit} ${range} (${words})`;
  }
  if (inner instanceof z.ZodMiniBoolean) return 'true or false';
  if (inner instanceof z.ZodMiniEnum) return choice(Object.values(inner.def.entries));
  if (inner instanceof z.ZodMiniLiteral) return choice(inner.def.values);
  if (inner instanceof z.ZodMiniArray) {
    const { minimum = 0, maximum } = bounds(inner.def.checks);
    const of = bare(inner.def.element) instanceof z.ZodMiniArray ? 'a list of lists' : 'a list';
    if (maximum === undefined) return of;
    return Number(minimum) > 0
      ? `${of} of ${minimum} to ${maximum} entries`
      : `${of} of up to ${maximum} entries`;
  }
  if (inner instanceof z.ZodMiniUnion)
    return inner.def.options.map((option) => allowed(option, name)).join(' or ');
  if (inner instanceof z.ZodMiniObject)
    return `a map with keys from ${Object.keys(inner.def.shape).join(', ')}`;
  if (inner instanceof z.ZodMiniRecord) return 'a map of names and values';
  const { maximum } = bounds(inner._zod.def.checks);
  return maximum === undefined ? 'text' : `text of up to ${maximum} characters`;
}

/** Only the kind, without range or length. */
export function kindWanted(schema: Schema): string {
  const inner = bare(schema);
  if (inner instanceof z.ZodMiniArray) return 'a list';
  if (inner instanceof z.ZodMiniObject || inner instanceof z.ZodMiniRecord) return 'a map';
  return inner instanceof z.ZodMiniString ? 'text' : allowed(inner);
}

/** What the entries of a list are. */
export function entriesWanted(schema: z.ZodMiniArray): string {
  const kind = kindWanted(schema.def.element);
  if (kind === 'a list') return 'lists';
  return kind === 'a map' ? 'maps' : 'texts';
}

/** The smallest and the largest number that is accepted. */
export function rangeOf(schema: Schema): readonly [number, number] {
  const inner = bare(schema);
  const { minimum = -Infinity, maximum = Infinity } =
    inner instanceof z.ZodMiniNumber ? bounds(inner.def.checks) : {};
  return [Number(minimum), Number(maximum)];
}

/** The smallest and the largest number of entries or characters. */
export function lengthOf(schema: Schema): readonly [number, number] {
  const { minimum = 0, maximum = Infinity } = bounds(bare(schema)._zod.def.checks);
  return [Number(minimum), Number(maximum)];
}

function bounds(checks: readonly z.core.$ZodCheck[] = []) {
  const found: { minimum?: number | string; maximum?: number | string } = {};
  for (const check of checks) {
    if (check instanceof z.core.$ZodCheckGreaterThan) found.minimum = String(check._zod.def.value);
    else if (check instanceof z.core.$ZodCheckLessThan) found.maximum = String(check._zod.def.value);
    else if (check instanceof z.core.$ZodCheckMinLength) found.minimum = check._zod.def.minimum;
    else if (check instanceof z.core.$ZodCheckMaxLength) found.maximum = check._zod.def.maximum;
  }
  return found;
}

function choice(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}

/** The schema at `path` inside `schema`, as far as the path leads. */
export function schemaAt(schema: Schema, path: readonly PropertyKey[]): Schema {
  const inner = bare(schema);
  const [key, ...rest] = path;
  if (key === undefined) return inner;
  if (inner instanceof z.ZodMiniArray) return schemaAt(inner.def.element, rest);
  if (inner instanceof z.ZodMiniRecord) return schemaAt(inner.def.valueType, rest);
  if (inner instanceof z.ZodMiniObject) {
    const shape: Readonly<Record<PropertyKey, Schema>> = inner.def.shape;
    const next = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (next !== undefined) return schemaAt(next, rest);
  }
  return inner;
}

/** The keys that a map at `path` may have. */
export function keysAt(schema: Schema, path: readonly PropertyKey[]): readonly string[] {
  const found = schemaAt(schema, path);
  return found instanceof z.ZodMiniObject ? Object.keys(found.def.shape) : [];
}

/** The choices of an enumeration; empty for other schemas. */
export function choicesOf(schema: Schema): readonly string[] {
  const found = bare(schema);
  return found instanceof z.ZodMiniEnum ? Object.values(found.def.entries).map(String) : [];
}
