// Reads JSON as Argo CD's Go code does: it ignores unknown fields, takes null as absent, and refuses a wrong type in Go's
// words.
import { isObject } from '../../argocd-simulator/fields.ts';

class Unreadable extends Error {}

/** Parses the text, and reads it with `read`. Never throws because of the text: `problem` has Go's words. */
export function readAs<Body extends object>(
  text: string,
  read: (json: unknown) => Body,
): Body | { problem: string } {
  try {
    return read(text.trim() === '' ? {} : parseJson(text));
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /position (\d+)/.exec(message)?.[1];
    const truncated = position === undefined || Number(position) >= text.trimEnd().length;
    if (truncated && !message.startsWith('Unexpected token')) throw new Unreadable('unexpected EOF');
    const character = /Unexpected token '?(.)/.exec(message)?.[1] ?? text.charAt(Number(position));
    throw new Unreadable(`invalid character '${character}' looking for beginning of value`);
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Reads members of one Go struct. `path` is what Go's error puts between the name of the struct and the member. */
export function reader(value: unknown, struct: string, path: string, goType: string) {
  const object = value ?? {};
  if (!isObject(object)) {
    const location =
      path === '' ? `value of type ${goType}` : `struct field ${struct}.${path} of type ${goType}`;
    throw new Unreadable(`json: cannot unmarshal ${kindOf(value)} into Go ${location}`);
  }
  const wrongType = (member: string, value: unknown, type: string): Unreadable => {
    const location = path === '' ? member : `${path}.${member}`;
    return new Unreadable(
      `json: cannot unmarshal ${kindOf(value)} into Go struct field ${struct}.${location} of type ${type}`,
    );
  };
  return {
    has: (member: string): boolean => object[member] !== undefined && object[member] !== null,
    raw: (member: string): unknown => object[member],
    string(member: string): string {
      const found = object[member] ?? '';
      if (typeof found !== 'string') throw wrongType(member, found, 'string');
      return found;
    },
    bool(member: string): boolean {
      const found = object[member] ?? false;
      if (typeof found !== 'boolean') throw wrongType(member, found, 'bool');
      return found;
    },
    integer(member: string): number {
      const found = object[member] ?? 0;
      if (typeof found !== 'number' || !Number.isInteger(found)) throw wrongType(member, found, 'int64');
      return found;
    },
    list(member: string, type: string): unknown[] {
      const found = object[member] ?? [];
      if (!Array.isArray(found)) throw wrongType(member, found, type);
      return found;
    },
    strings(member: string): string[] {
      return this.list(member, '[]string').map((each) => {
        if (typeof each !== 'string') throw wrongType(member, each, 'string');
        return each;
      });
    },
  };
}
