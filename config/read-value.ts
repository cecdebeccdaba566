// Reads what was given for a setting: the text of a variable or flag as the kind of value that the setting has, a value in the
// configuration file as it was written, and a secret from its file.
import { asWritten } from './yaml/as-written.ts';
import { originOf, type Given } from './given.ts';
import { formatPath, mask, show, type Problem } from './problems/problem.ts';
import { readSecretFile } from './secret-file.ts';
import type { Leaf } from './sections.ts';

/** The limit for the configuration file, and for a list in a variable or flag, which is also YAML. */
export const maximumYamlBytes = 256 * 1024;

export type Read = { readonly given: Given } | { readonly problems: readonly Problem[] };

export async function readValue(leaf: Leaf, given: Given, cwd: string): Promise<Read> {
  const { path, setting, type } = leaf;
  const { value, origin, assignment, clash, sourceOf } = given;
  const problem = (message: string, remedy: string, about: Partial<Problem> = {}): Read => ({
    problems: [{ key: path, origin, value: setting.secret ? mask : show(value), message, remedy, ...about }],
  });
  const text = assignment !== undefined && typeof value === 'string' ? value : undefined;
  if (text !== undefined && isQuoted(text))
    return problem(
      'is in quotes, and quotes are part of the value here',
      `remove the quotes: \`docker --env-file\`, Kubernetes and lists in Compose files do not remove them${
        setting.secret ? `; write a secret that really has quotes to a file, and name it in ${path}File` : ''
      }`,
    );
  if (clash !== undefined)
    return problem(
      'is set twice: directly and by a file',
      `remove one of them, preferably the direct one (${origin})`,
      { origin: `${origin} and ${clash}` },
    );
  if (given.inFile) return readSecretFile(path, given, cwd);
  if (text === undefined) return sourceOf === undefined ? { given } : readWritten(leaf, given, sourceOf);
  if (type !== 'list') return { given: { ...given, value: valueIn(text, type) } };

  if (Buffer.byteLength(text) > maximumYamlBytes)
    return problem(
      `is larger than ${maximumYamlBytes / 1024} KiB`,
      'shorten it, or write it to the configuration file',
    );
  const { parseYaml } = await import('./yaml/parse.ts');
  const parsed = parseYaml(text);
  if ('faults' in parsed) {
    const [fault] = parsed.faults;
    return problem(
      `is not YAML: column ${fault?.column}: ${fault?.message}`,
      `${fault?.remedy}; write a list in one line as YAML or JSON, for example [{id: main}]`,
    );
  }
  return readWritten(leaf, { ...given, value: parsed.value, sourceOf: parsed.sourceOf }, parsed.sourceOf);
}

/** No valid value begins and ends with a quote. Such quotes were meant for a shell. */
function isQuoted(text: string): boolean {
  return /^(["'`])[^]*\1$/.test(text.trim());
}

/** Text that is not a number or boolean stays text, and the schema then says what is wanted. */
function valueIn(text: string, type: Leaf['type']): unknown {
  const word = text.trim().toLowerCase();
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(word)) return Number(word);
  return type === 'boolean' && (word === 'true' || word === 'false') ? word === 'true' : text;
}

function readWritten({ path, setting }: Leaf, given: Given, sourceOf: NonNullable<Given['sourceOf']>): Read {
  const dropped = keyProto(given.value);
  if (dropped !== undefined)
    return {
      problems: [
        {
          key: formatPath([path, ...dropped]),
          origin: originOf(given, dropped),
          message: 'is not a known key',
          remedy: 'remove it',
        },
      ],
    };
  const { value, unclear } = asWritten(setting, given.value, sourceOf);
  if (unclear.length === 0)
    return { given: { ...given, value: setting.secret ? withoutLineEnd(value) : value } };
  return {
    problems: unclear.map(({ path: within, written, readAs }) => ({
      key: formatPath([path, ...within]),
      origin: given.locate?.(within) ?? given.origin,
      value: written,
      message: `may mean the text \`${written}\`, or ${readAs}, which is how YAML reads it`,
      remedy: `write "${written}" in quotes for the text, or ${readAs}`,
    })),
  };
}

/** The path of a key `__proto__`. The schemas would drop this key from a map such as `labels`, and so select more applications. */
function keyProto(value: unknown): readonly PropertyKey[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const key = Array.isArray(value) ? Number(name) : name;
    if (key === '__proto__') return [key];
    const below = keyProto(inner);
    if (below !== undefined) return [key, ...below];
  }
  return undefined;
}

/** A secret in a YAML block (`|`) ends with a line break that is not part of the secret. */
function withoutLineEnd(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/(?<=[^\r\n])[\r\n]+$/, '') : value;
}
