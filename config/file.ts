// Reads the configuration file: finds it, lists what it gives for each setting, and reports unknown keys.
import { join, resolve } from 'node:path';
import type { Section } from './section.ts';
import { isMap, isSetting, type Group } from './setting.ts';
import { fileVariable } from './environment.ts';
import { excerptOf } from './yaml/excerpt.ts';
import { readText, remedyFor } from './read-text.ts';
import type { Given, GivenByPath } from './given.ts';
import { formatPath, type Problem } from './problems/problem.ts';
import { maximumYamlBytes } from './read-value.ts';
import { sectionNames, type Leaf, type SectionName } from './sections.ts';
import { unknownKey } from './problems/unknown-key.ts';
import type { YamlContent } from './yaml/parse.ts';

const defaultFile = 'config/release-button.yaml';

interface Named {
  /** The value of `--config`. Without it, the default file is used if it exists. */
  readonly configFile?: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The file that a flag or variable names. An empty variable counts as not set. */
export function namedFile({
  configFile,
  env,
}: Named): { readonly name: string; readonly by: string } | undefined {
  if (configFile !== undefined) return { name: configFile, by: '--config' };
  const name = env[fileVariable]?.trim();
  return name === undefined || name === '' ? undefined : { name, by: fileVariable };
}

interface FileRead {
  readonly given: GivenByPath;
  readonly problems: readonly Problem[];
  /** Absent if there is no file. */
  readonly name?: string;
  /** True if there is a file but its content is unknown, because it cannot be read or parsed. */
  readonly isUnreadable: boolean;
}

export async function readFile(
  { cwd, ...rest }: Named & { readonly cwd: string },
  sections: ReadonlyMap<SectionName, Section>,
  leaves: readonly Leaf[],
): Promise<FileRead> {
  const named = namedFile(rest);
  const name = named?.name ?? defaultFile;
  const failed = (problems: readonly Problem[]) => ({
    given: new Map<string, Given>(),
    problems,
    name,
    isUnreadable: true,
  });
  const read = await readText(resolve(cwd, name), maximumYamlBytes);
  if (read.text === undefined) {
    const { code, message } = read;
    if (named === undefined && (code === 'ENOENT' || code === 'ENOTDIR'))
      return { given: new Map(), problems: [], isUnreadable: false };
    return failed([
      {
        key: name,
        origin: named?.by ?? 'looked for by default',
        message: `the configuration file ${message}${name.startsWith('/') ? '' : ` (relative to ${cwd})`}`,
        remedy: remedyFor(code, await remedyOf(name, code, named?.by, cwd)),
      },
    ]);
  }
  const { parseYaml } = await import('./yaml/parse.ts');
  const { text } = read;
  const parsed = parseYaml(text);
  if ('faults' in parsed)
    return failed(
      parsed.faults.map((fault) => ({
        key: name,
        origin: `${name}:${fault.line}`,
        message: `is not YAML: line ${fault.line}, column ${fault.column}: ${fault.message}`,
        remedy: fault.remedy,
        excerpt: excerptOf(text, fault, leaves),
      })),
    );
  return { ...contentOf(name, parsed, sections, leaves), name, isUnreadable: false };
}

async function remedyOf(name: string, code: string, by: string | undefined, cwd: string): Promise<string> {
  if (/^(["'`]).*\1$/.test(name)) return 'write the name without quotes';
  if (code === 'EILSEQ') return 'save it as UTF-8';
  // docker-compose.yml looks for the name in config/.
  const inside = code === 'EISDIR' ? join(name, 'release-button.yaml') : join('config', name);
  const isThere = !name.startsWith('/') || code === 'EISDIR';
  if (isThere && (await readText(resolve(cwd, inside), maximumYamlBytes)).text !== undefined)
    return `did you mean ${inside}? Then set ${by ?? '--config'} to it`;
  return by === fileVariable
    ? `set ${by} to a readable YAML file, or unset it`
    : 'name a readable YAML file with --config';
}

/** Checks the keys of the process's own sections, and only the names of the others. */
function contentOf(
  file: string,
  { value: content, lineOf, sourceOf }: YamlContent,
  own: ReadonlyMap<SectionName, Section>,
  leaves: readonly Leaf[],
): Pick<FileRead, 'given' | 'problems'> {
  const given = new Map<string, Given>();
  const secretFiles = new Map<string, Given>();
  const besideList = new Map<string, string[]>();
  const problems: Problem[] = [];
  const at = (path: readonly PropertyKey[]) => `${file}:${lineOf(path)}`;

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
        given.set(formatPath(path), {
          value: inner,
          origin: at(path),
          locate: (within) => at([...path, ...within]),
          sourceOf: (within) => sourceOf([...path, ...within]),
        });
      } else {
        const secret = secretOfFileKey(group, name);
        const list = listLacking(name, group, value);
        if (list !== undefined) {
          const listPath = formatPath([...above, list.name]);
          const { last } = list;
          problems.push({
            key: formatPath(path),
            origin: at(path),
            message: `is a key of an entry of ${listPath}, but is written beside the list`,
            remedy: `indent it like the other keys of the entry in line ${lineOf([...above, list.name, last])}`,
          });
          besideList.set(listPath, [...(besideList.get(listPath) ?? []), `${listPath}[${last}].${name}`]);
        } else if (secret === undefined)
          problems.push(unknownKey(path, keysOf(group), inner, at(path), leaves));
        else
          secretFiles.set(formatPath([...above, secret]), { value: inner, origin: at(path), inFile: true });
      }
    }
  };

  if (isMap(content))
    for (const [name, value] of Object.entries(content)) {
      const known = sectionNames.find((other) => other === name);
      const section = known && own.get(known);
      if (!known) problems.push(unknownKey([name], sectionNames, value, at([name]), leaves));
      else if (section) walk(section.settings, value, [name]);
    }
  else if (content !== null && content !== undefined) problems.push(notASection([], `${file}:1`, content));

  for (const [path, inFile] of secretFiles) {
    const direct = given.get(path);
    given.set(path, direct ? { ...direct, clash: inFile.origin } : inFile);
  }
  for (const [path, reported] of besideList) {
    const list = given.get(path);
    if (list) given.set(path, { ...list, reported });
  }
  return { given, problems };
}

/** The list that a misplaced key probably belongs to: its entries may have that key, and its last entry lacks it. */
function listLacking(
  key: string,
  group: Group,
  value: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly last: number } | undefined {
  for (const [name, entries] of Object.entries(value)) {
    const list = Object.hasOwn(group, name) ? group[name] : undefined;
    if (list === undefined || !isSetting(list) || !Object.hasOwn(list.items ?? {}, key)) continue;
    const entry: unknown = Array.isArray(entries) ? entries.at(-1) : undefined;
    if (Array.isArray(entries) && isMap(entry) && !Object.hasOwn(entry, key))
      return { name, last: entries.length - 1 };
  }
  return undefined;
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
        remedy: hint ?? 'begin for example with a line `mqtt:`, and indent the keys below it',
      }
    : {
        key: formatPath(path),
        origin,
        message: 'must be a section: keys, each on its own line, indented',
        remedy: hint ?? `write a line \`${path.at(-1)}:\` and the keys below it, indented`,
      };
}

/** One wrong character can turn a section into text or a list. The hint shows only the key, because the value may be a secret. */
function hintFor(value: unknown): string | undefined {
  const [, key, sign] = typeof value === 'string' ? (/^([A-Za-z]\w*)(:(?=\S)| ?=)/.exec(value) ?? []) : [];
  if (key !== undefined)
    return `write \`${key}: …\`, ${sign === ':' ? 'with a space after the colon' : 'with a colon'}`;
  if (Array.isArray(value) && value.some(isMap)) return 'remove the `- ` before its keys';
  return undefined;
}
