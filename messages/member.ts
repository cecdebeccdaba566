// A member of a JSON payload of others, which may be anything.

/** Undefined where the path leads nowhere. Only what the payload itself says counts, nothing that objects inherit. */
export function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isMember(inner, name) ? Reflect.get(inner, name) : undefined),
    value,
  );
}

function isMember(value: unknown, name: string): value is object {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false;
  // A list also has a length of its own.
  return !Array.isArray(value) || /^\d+$/.test(name);
}

/** As JSON; undefined where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is the one that a person has written: `1` and `"1"` are the same to a person. */
export function isValue(value: unknown, wanted: string | number | boolean): boolean {
  return (
    (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') &&
    String(value) === String(wanted)
  );
}
