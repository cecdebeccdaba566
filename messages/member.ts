// Reads a member of a foreign JSON payload, which may be anything.

/** Undefined if the path leads nowhere. Inherited members of objects do not count. */
export function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isMember(inner, name) ? Reflect.get(inner, name) : undefined),
    value,
  );
}

function isMember(value: unknown, name: string): value is object {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false;
  // A list also has its own length.
  return !Array.isArray(value) || /^\d+$/.test(name);
}

/** The parsed JSON. Undefined if the text is not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What YAML and JSON accept as a number. */
const numberPattern = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|0[xX][\da-fA-F]+|0o[0-7]+)$/;

/**
 * True if a value equals the configured one: text exactly, numbers by value (JSON may write 1 as `1.0`), booleans in any
 * case.
 */
export function isValue(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value === wanted;
  if (typeof value === 'boolean') return String(value) === wanted.toLowerCase();
  return typeof value === 'number' && numberPattern.test(wanted) && Number(wanted) === value;
}
