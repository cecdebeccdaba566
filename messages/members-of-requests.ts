// Refuses a request with an unknown member or with the same member twice. Otherwise a request for one application (`apps`
// for `only`) would apply to all of them.
import * as z from 'zod/mini';
import { nearest } from './nearest.ts';

/** Other names that people use for a member, in lower case. */
export type OtherNames = Readonly<Record<string, string>>;

/** An error names at most this many unknown members. */
const namedMax = 3;
/** The sender chooses the name, which may be as long as the payload. */
const nameLength = 64;

/** One sentence about the members that the schema does not know at `path`. */
export function unknownInWords(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  keys: readonly string[],
  otherNames: OtherNames,
): string {
  const known = keysAt(schema, path);
  const where = path.length === 0 ? '' : ` in ${path.join('.')}`;
  const described = keys.slice(0, namedMax).map((key) => {
    const lower = key.toLowerCase();
    const meant = path.length === 0 && Object.hasOwn(otherNames, lower) ? otherNames[lower] : undefined;
    const near = meant ?? nearest(key, known);
    const hint =
      near === undefined
        ? `; the known members are ${known.join(', ')}`
        : `; did you mean ${JSON.stringify(near)}?`;
    return `unknown member ${JSON.stringify(key.slice(0, nameLength))}${where}${hint}`;
  });
  const more = keys.length - described.length;
  return `${described.join(' ')}${more > 0 ? ` (and ${more} more)` : ''}`;
}

/** The first member name that occurs twice in an object in `json`. @param json valid JSON */
export function memberTwice(json: string): string | undefined {
  const objects: Set<string>[] = [];
  let text = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/gs)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (token !== ':') text = token;
    else {
      const name = String(JSON.parse(text));
      const names = objects.at(-1);
      if (names?.has(name) === true) return name.slice(0, nameLength);
      names?.add(name);
    }
  }
  return undefined;
}

function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  if (schema instanceof z.ZodMiniExactOptional) return keysAt(schema.def.innerType, path);
  const [key, ...rest] = path;
  if (schema instanceof z.ZodMiniArray) return keysAt(schema.def.element, rest);
  if (!(schema instanceof z.ZodMiniObject)) return [];
  const shape: Readonly<Record<PropertyKey, z.core.$ZodType>> = schema.def.shape;
  if (key === undefined) return Object.keys(shape);
  const inner = shape[key];
  return inner === undefined ? [] : keysAt(inner, rest);
}
