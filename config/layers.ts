// One layer of the configuration: what the file, the environment or the flags say, leaf by leaf, each with
// its origin. Nothing is judged here but what cannot be put under a leaf at all.
import { asMeant } from './as-meant.ts';
import type { Leaf } from './sections.ts';
import { formatPath, mask, show, type Problem } from './problems.ts';

export interface Given {
  readonly value: unknown;
  readonly origin: string;
  /** The origin of a value inside a list. */
  readonly locate?: (within: readonly PropertyKey[]) => string;
  /** How a scalar in it was written. */
  readonly sourceOf?: (within: readonly PropertyKey[]) => string | undefined;
  /** `value` is the path of a file that holds the secret. */
  readonly inFile?: true;
  /** The origin of a second, contradicting entry of the same layer. */
  readonly clash?: string;
}

export interface Layer {
  /** By the leaf's path; a `value` of undefined sets it back to unset. */
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly Problem[];
  /** By the leaf's path, of leaves that were given, but so that no value came of it. */
  readonly broken?: ReadonlyMap<string, readonly Problem[]>;
  readonly warnings?: readonly string[];
}

/** A list in a variable or flag is YAML text; the bound is the same as for the file. */
export const maximumYamlBytes = 256 * 1024;

/** What the program itself sets, as the demo does. */
export interface Fixed {
  /** What people read as the origin, for example `demo`. */
  readonly origin: string;
  /** By the leaf's path; undefined stands for unset. Paths of other sections are ignored. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** @throws TypeError for a path that is no leaf: what the program meant to force would stay as it is. */
export function fixedLayer(leaves: readonly Leaf[], own: readonly string[], fixed: Fixed | undefined): Layer {
  const given = new Map<string, Given>();
  for (const [path, value] of Object.entries(fixed?.values ?? {})) {
    if (isOwn(path, leaves, own, false)) given.set(path, { value, origin: fixed?.origin ?? '' });
  }
  return { given, problems: [] };
}

function isOwn(path: string, leaves: readonly Leaf[], own: readonly string[], files: boolean): boolean {
  if (!own.includes(path.split('.')[0] ?? '')) return false;
  const known = leaves.some(
    (leaf) => leaf.path === path || (files && leaf.setting.secret && `${leaf.path}File` === path),
  );
  if (!known) throw new TypeError(`no setting ${path}`);
  return true;
}

/** @throws TypeError for a path that `flagsOf()` does not name. */
export async function flagLayer(
  leaves: readonly Leaf[],
  own: readonly string[],
  flags: Readonly<Record<string, string>>,
): Promise<Layer> {
  const texts = new Map(Object.entries(flags).filter(([path]) => isOwn(path, leaves, own, true)));
  return textLayer(leaves, ({ path, flag }, file) => {
    const text = texts.get(file ? `${path}File` : path);
    return text === undefined ? undefined : { text, origin: file ? `${flag}-file` : flag };
  });
}

/** Collects texts (of variables or flags) by leaf; `find` gives the text and its origin by the leaf's name. */
export async function textLayer(
  leaves: readonly Leaf[],
  find: (leaf: Leaf, file: boolean) => { readonly text: string; readonly origin: string } | undefined,
): Promise<Layer> {
  const given = new Map<string, Given>();
  const broken = new Map<string, readonly Problem[]>();
  for (const leaf of leaves) {
    const found = find(leaf, false);
    const inFile = leaf.setting.secret ? find(leaf, true) : undefined;
    const quoted = [found, inFile].find((one) => one !== undefined && isQuoted(one.text));
    if (quoted !== undefined) {
      broken.set(leaf.path, [quotedProblem(leaf, quoted.origin, quoted.text)]);
    } else if (found) {
      const { problems, ...converted } = await convert(leaf, found.text, found.origin);
      if (problems) broken.set(leaf.path, problems);
      else
        given.set(leaf.path, {
          value: undefined,
          ...converted,
          origin: found.origin,
          ...(inFile && { clash: inFile.origin }),
        });
    } else if (inFile) given.set(leaf.path, { value: inFile.text, origin: inFile.origin, inFile: true });
  }
  return { given, problems: [], broken };
}

/** No setting begins and ends with a quote; whoever wrote them expected a shell to take them away. */
function isQuoted(text: string): boolean {
  return /^(["'`])[^]*\1$/.test(text.trim());
}

function quotedProblem({ path, setting }: Leaf, origin: string, text: string): Problem {
  return {
    key: path,
    origin,
    value: setting.secret ? mask : show(text),
    message: 'is in quotes, which belong to the value here',
    remedy: `write it without quotes: \`docker --env-file\`, Kubernetes and lists in Compose files keep them${
      setting.secret ? `; a secret that really has them can stand in a file, named by ${path}File` : ''
    }`,
  };
}

/** Text that is no number or boolean stays text: the schema then says what was wanted. */
async function convert(
  leaf: Leaf,
  text: string,
  origin: string,
): Promise<Partial<Pick<Given, 'value' | 'sourceOf'>> & { readonly problems?: readonly Problem[] }> {
  const trimmed = text.trim();
  if (leaf.type === 'number') return { value: /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text };
  if (leaf.type === 'boolean') {
    const word = trimmed.toLowerCase();
    return { value: word === 'true' || word === 'false' ? word === 'true' : text };
  }
  if (leaf.type === 'text') return { value: text };
  const problem = (message: string, remedy: string) => ({
    problems: [
      {
        key: leaf.path,
        origin,
        value: leaf.setting.secret ? mask : show(text),
        message,
        remedy,
      },
    ],
  });
  if (Buffer.byteLength(text) > maximumYamlBytes)
    return problem(`is larger than ${maximumYamlBytes / 1024} KiB`, 'shorten it, or use the file');
  const { parseYaml } = await import('./yaml.ts');
  const parsed = parseYaml(text);
  if ('faults' in parsed) {
    const [fault] = parsed.faults;
    return problem(
      `is not YAML: column ${fault?.column}: ${fault?.message}`,
      `${fault?.remedy}; a list is written in one line as YAML or JSON, for example [{id: main}]`,
    );
  }
  const { value, unclear } = asMeant(leaf.setting, parsed.value, parsed.sourceOf);
  return unclear.length === 0
    ? { value, sourceOf: parsed.sourceOf }
    : { problems: unclear.map((one) => unclearProblem([leaf.path, ...one.path], origin, one)) };
}

/** Where text, numbers, true and false are all wanted, only what YAML does not change is clear. */
export function unclearProblem(
  path: readonly PropertyKey[],
  origin: string,
  { written, readAs }: { readonly written: string; readonly readAs: string },
): Problem {
  return {
    key: formatPath(path),
    origin,
    value: written,
    message: `can be meant as the text \`${written}\`, or as ${readAs}, which YAML reads`,
    remedy: `write "${written}" in quotes for the text, or ${readAs}`,
  };
}

/** The origin of `within` inside what was given. */
export function originOf(given: Given | undefined, within: readonly PropertyKey[]): string {
  if (!given) return 'default';
  if (given.locate) return given.locate(within);
  return within.length === 0 ? given.origin : `${given.origin}, at ${formatPath(within)}`;
}
