// The configuration file as a layer: every leaf with its line, and what is in the file but means nothing.
import { asMeant } from './as-meant.ts';
import { isMap, isSetting, type Group, type Section } from './declare.ts';
import { unclearProblem, type Given, type Layer } from './layers.ts';
import { nearest } from '../messages/nearest.ts';
import { formatPath, mask, resemblesSecret, show, type Problem } from './problems.ts';
import { sectionNames, type Leaf, type SectionName } from './sections.ts';
import { allowed, kindOf } from './wording.ts';

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
      if (value !== null) problems.push(notASection(above, at(above)));
      return;
    }
    for (const [name, inner] of Object.entries(value)) {
      const path = [...above, name];
      const entry = Object.hasOwn(group, name) ? group[name] : undefined;
      if (entry && !isSetting(entry)) walk(entry, inner, path);
      else if (entry && isMap(inner)) {
        const list = kindOf(entry.schema) === 'list';
        broken.set(formatPath(path), [
          {
            key: formatPath(path),
            origin: at(path),
            value: entry.secret ? mask : show(inner),
            message: `must be ${allowed(entry.schema)}, not a map`,
            remedy: list
              ? 'begin every entry with `- `'
              : `write ${formatPath(path)} with its value in the same line`,
          },
        ]);
      } else if (entry) {
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
        });
      } else {
        const secret = secretOfFileKey(group, name);
        if (secret === undefined) problems.push(unknownKey(path, keysOf(group), inner, at(path), leaves));
        else clashing.set(formatPath([...above, secret]), { value: inner, origin: at(path), inFile: true });
      }
    }
  };

  if (!isMap(content.value)) {
    if (content.value !== null && content.value !== undefined)
      problems.push(notASection([], `${content.name}:1`));
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

function notASection(path: readonly string[], origin: string): Problem {
  return path.length === 0
    ? {
        key: 'the file',
        origin,
        message: 'must consist of sections',
        remedy: 'begin for example with a line `mqtt:` and indent the keys below it',
      }
    : {
        key: formatPath(path),
        origin,
        message: 'must be a section: keys, each on its own line, indented',
        remedy: `write a line \`${path.at(-1)}:\` and the keys below it, indented`,
      };
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
  const shown = typeof value !== 'object' && !resemblesSecret(name) && !nearSecret;
  return {
    key: formatPath(path),
    origin,
    ...(shown && { value: show(value) }),
    message: siblings.length === 0 ? 'is not available in this version' : unknownMessage(path),
    remedy: unknownRemedy(path, name, siblings, leaves),
  };
}

function unknownMessage(path: readonly PropertyKey[]): string {
  return path.length === 1 ? 'is not a section of the configuration' : 'is not a key that is known here';
}

function unknownRemedy(
  path: readonly PropertyKey[],
  name: string,
  siblings: readonly string[],
  leaves: readonly Leaf[],
): string {
  if (siblings.length === 0) return 'remove it';
  const near = nearest(name, siblings);
  if (near !== undefined)
    return `did you mean \`${formatPath([...path.slice(0, -1), near])}\`? Otherwise remove it`;
  const elsewhere = leaves.find((leaf) => leaf.path === name || leaf.path.endsWith(`.${name}`));
  if (elsewhere) {
    const parts = elsewhere.path.split('.');
    return `did you mean \`${parts.at(-1)}\` in the section \`${parts.slice(0, -1).join('.')}\`? Otherwise remove it`;
  }
  return `remove it; known here: ${siblings.join(', ')}`;
}
