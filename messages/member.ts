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

/** What YAML and JSON read as a number. */
const numberPattern = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|0[xX][\da-fA-F]+|0o[0-7]+)$/;

/**
 * Whether a value is the one that a person has written: a text as it stands, a number by its value (JSON may write 1 as
 * `1.0`), true and false in any case.
 */
export function isValue(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value === wanted;
  if (typeof value === 'boolean') return String(value) === wanted.toLowerCase();
  return typeof value === 'number' && numberPattern.test(wanted) && Number(wanted) === value;
}
