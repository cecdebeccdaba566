// The configuration file as a layer: every leaf with its line, and what is in the file but means nothing.
import { asMeant } from './as-meant.ts';
import { isMap, isSetting, type Group, type Section } from './declare.ts';
import { unclearProblem, type Given, type Layer } from './layers.ts';
import { nearest } from '../messages/nearest.ts';
import { formatPath, mask, resemblesSecret, show, type Problem } from './problems.ts';
import { sectionNames, type Leaf, type SectionName } from './sections.ts';

export interface FileContent {
  /** As shown to people. */
  readonly name: string;
  readonly value: unknown;
  lineOf(path: readonly PropertyKey[]): number;
  sourceOf(path: readonly PropertyKey[]): string | undefined;
}

export function fileLayer(
  content: FileContent,
  own: ReadonlyMap<SectionName, Section>,
  leaves: readonly Leaf[],
): Layer {
  const given = new Map<string, Given>();
  const clashing = new Map<string, Given>();
  const problems: Problem[] = [];
  const broken = new Map<string, readonly Problem[]>();
  const at = (path: readonly PropertyKey[]) => `${content.name}:${content.lineOf(path)}`;

  const walk = (group: Group, value: unknown, above: readonly string[]): void => {
    if (!isMap(value)) {
      if (value !== null) problems.push(notASection(above, at(above), value));
      return;
    }
    for (const [name, inner] of Object.entries(value)) {
      const path = [...above, name];
      const entry = Object.hasOwn(group, name) ? group[name] : undefined;
      if (entry && !isSetting(entry)) walk(entry, inner, path);
      else if (entry) {
        // `url:` counts as not set.
        if (inner === null) continue;
        const { value: meant, unclear } = asMeant(entry, inner, (within) =>
          content.sourceOf([...path, ...within]),
        );
        if (unclear.length > 0)
          broken.set(
            formatPath(path),
            unclear.map((one) => unclearProblem([...path, ...one.path], at([...path, ...one.path]), one)),
          );
        given.set(formatPath(path), {
          value: entry.secret ? withoutLineEnd(meant) : meant,
          origin: at(path),
          locate: (within) => at([...path, ...within]),
          sourceOf: (within) => content.sourceOf([...path, ...within]),
        });
      } else {
        const secret = secretOfFileKey(group, name);
        const list = listOf(name, group, value);
        if (list !== undefined) {
          const last = list.entries.length - 1;
          problems.push({
            key: formatPath(path),
            origin: at(path),
            message: `is a key of an entry of ${formatPath([...above, list.name])}, and stands beside the list`,
            remedy: `indent it like the other keys of the entry in line ${content.lineOf([...above, list.name, last])}`,
          });
          broken.set(formatPath([...above, list.name, last, name]), []);
        } else if (secret === undefined)
          problems.push(unknownKey(path, keysOf(group), inner, at(path), leaves));
        else clashing.set(formatPath([...above, secret]), { value: inner, origin: at(path), inFile: true });
      }
    }
  };

  if (!isMap(content.value)) {
    if (content.value !== null && content.value !== undefined)
      problems.push(notASection([], `${content.name}:1`, content.value));
  } else {
    for (const [name, value] of Object.entries(content.value)) {
      const known = sectionNames.find((other) => other === name);
      const section = known && own.get(known);
      if (!known) problems.push(unknownKey([name], sectionNames, value, at([name]), leaves));
      else if (section) walk(section.settings, value, [name]);
    }
  }
  for (const [path, inFile] of clashing) {
    const direct = given.get(path);
    given.set(path, direct ? { ...direct, clash: inFile.origin } : inFile);
  }
  return { given, problems, broken };
}

/** The list beside a key whose last entry lacks just that key. */
function listOf(
  key: string,
  group: Group,
  value: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly entries: readonly unknown[] } | undefined {
  const found = Object.entries(value).find(([name, entries]) => {
    const list = Object.hasOwn(group, name) ? group[name] : undefined;
    const last: unknown = Array.isArray(entries) ? entries.at(-1) : undefined;
    return (
      list !== undefined &&
      isSetting(list) &&
      Object.hasOwn(list.items ?? {}, key) &&
      isMap(last) &&
      !Object.hasOwn(last, key)
    );
  });
  const [name, entries] = found ?? [];
  return name === undefined || !Array.isArray(entries) ? undefined : { name, entries };
}

/** A secret in a block (`|`) ends in a line break that nobody means. */
function withoutLineEnd(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/(?<=[^\r\n])[\r\n]+$/, '') : value;
}

function keysOf(group: Group): string[] {
  return Object.entries(group).flatMap(([name, entry]) =>
    isSetting(entry) && entry.secret ? [name, `${name}File`] : [name],
  );
}

/** `tokenFile` to `token`, where that is a secret of the group. */
function secretOfFileKey(group: Group, name: string): string | undefined {
  const base = name.endsWith('File') ? name.slice(0, -'File'.length) : '';
  const entry = Object.hasOwn(group, base) ? group[base] : undefined;
  return entry && isSetting(entry) && entry.secret ? base : undefined;
}

function notASection(path: readonly string[], origin: string, value: unknown): Problem {
  const hint = hintFor(value);
  return path.length === 0
    ? {
        key: 'the file',
        origin,
        message: 'must consist of sections',
        remedy: hint ?? 'begin for example with a line `mqtt:` and indent the keys below it',
      }
    : {
        key: formatPath(path),
        origin,
        message: 'must be a section: keys, each on its own line, indented',
        remedy: hint ?? `write a line \`${path.at(-1)}:\` and the keys below it, indented`,
      };
}

/** One character makes text or a list of keys. Only the key is shown: the value may be a secret. */
function hintFor(value: unknown): string | undefined {
  const [, key, sign] = typeof value === 'string' ? (/^([A-Za-z]\w*)(:(?=\S)| ?=)/.exec(value) ?? []) : [];
  if (key !== undefined)
    return `write \`${key}: …\`, ${sign === ':' ? 'with a space after the colon' : 'with a colon'}`;
  if (Array.isArray(value) && value.some(isMap)) return 'remove the `- ` before its keys';
  return undefined;
}

/** Also for keys inside lists. The value is shown only where it is plain and cannot be a secret under another name. */
export function unknownKey(
  path: readonly PropertyKey[],
  siblings: readonly string[],
  value: unknown,
  origin: string,
  leaves: readonly Leaf[],
): Problem {
  const name = String(path.at(-1));
  // In a section that has a secret any unknown key may be a name that somebody gives it.
  const nearSecret = leaves.some(
    (leaf) => leaf.setting.secret && leaf.path.startsWith(`${String(path[0])}.`),
  );
  const mayBeSecret = resemblesSecret(name) || nearSecret;
  const shown = typeof value !== 'object' && !mayBeSecret;
  // `token:abc` without a space is one name for YAML.
  const plain = mayBeSecret ? name.replace(/^(\w+[:=]).*/s, `$1${mask}`) : name;
  return {
    key: formatPath([...path.slice(0, -1), plain]),
    origin,
    ...(shown && { value: show(value) }),
    message: siblings.length === 0 ? 'is not available in this version' : unknownMessage(path),
    remedy: unknownRemedy([...path.slice(0, -1), plain], plain, siblings, leaves),
  };
}

function unknownMessage(path: readonly PropertyKey[]): string {
  return path.length === 1 ? 'is not a section of the configuration' : 'is not a key that is known here';
}

/** What other programs call it. */
const elsewhere = new Map(
  Object.entries({
    'mqtt.host': 'write host and port as one key, for example `url: mqtt://broker.example:1883`',
    'mqtt.port': 'write host and port as one key, for example `url: mqtt://broker.example:1883`',
    'mqtt.broker': 'write `url`, for example `url: mqtt://broker.example:1883`',
    'mqtt.server': 'write `url`, for example `url: mqtt://broker.example:1883`',
    'mqtt.tls':
      'write `url: mqtts://…` for an encrypted connection, and `caFile` for an authority of your own',
    'argocd.url': 'write `server`, for example `server: https://argocd.example`',
    'argocd.host': 'write `server`, for example `server: https://argocd.example`',
    'argocd.address': 'write `server`, for example `server: https://argocd.example`',
  }),
);

function unknownRemedy(
  path: readonly PropertyKey[],
  name: string,
  siblings: readonly string[],
  leaves: readonly Leaf[],
): string {
  if (siblings.length === 0) return 'remove it';
  const [key] = /^\w+(?=[:=]\S)/.exec(name) ?? [];
  if (key !== undefined && siblings.includes(key))
    return `put a space after the colon: \`${key}: ${name.slice(key.length + 1)}\``;
  if (/^-\w/.test(name)) return `put a space after the dash: \`- ${name.slice(1)}: …\``;
  const known = elsewhere.get(formatPath(path));
  if (known !== undefined) return known;
  const near = nearest(name, siblings);
  if (near !== undefined)
    return `did you mean \`${formatPath([...path.slice(0, -1), near])}\`? Otherwise remove it`;
  // A name that many sections have, such as `port`, says nothing.
  const [other, ...others] = leaves.filter((leaf) => leaf.path === name || leaf.path.endsWith(`.${name}`));
  if (other && others.length === 0) {
    const parts = other.path.split('.');
    const above = parts.slice(0, -1).join('.');
    return path.length === 1 && path[0] !== other.path
      ? `indent it by two spaces below \`${above}:\`, where \`${parts.at(-1)}\` belongs`
      : `did you mean \`${parts.at(-1)}\` in the section \`${above}\`? Otherwise remove it`;
  }
  return `remove it; known here: ${siblings.join(', ')}`;
}
