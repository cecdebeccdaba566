// Shows lines of a file in a message. It hides what may be a secret.
import type { Leaf } from '../sections.ts';
import { mask, redact, resemblesSecret } from '../problems/problem.ts';
import { shortened } from '../../messages/shortened.ts';
import { keysAt } from '../problems/schema-words.ts';

export interface Place {
  /** Counts from 1, like the column. */
  readonly line: number;
  readonly column: number;
  /** A line above that is shown too. */
  readonly beside?: number;
}

const longestLine = 160;

/** The lines with their numbers, and a mark below the column. */
export function excerptOf(text: string, { line, column, beside }: Place, leaves: readonly Leaf[]): string[] {
  const lines = text.split('\n').map((each) => each.replace(/\r$/, ''));
  const width = String(line).length;
  const numbered = (at: number) => {
    const shown = shortened(
      withoutSecrets(lines[at - 1] ?? '', sectionAt(lines, at - 1), leaves),
      longestLine,
    );
    return `${String(at).padStart(width)} | ${shown.replaceAll('\t', ' ')}`;
  };
  return [
    ...(beside === undefined || beside === line ? [] : [numbered(beside)]),
    numbered(line),
    ...(column > longestLine ? [] : [`${' '.repeat(width)} | ${' '.repeat(column - 1)}^`]),
  ];
}

/** The section that a line belongs to: the last name in the first column. */
function sectionAt(lines: readonly string[], at: number): string | undefined {
  for (let line = at; line >= 0; line -= 1) {
    const name = /^["']?([\w-]+)["']? *:/.exec(lines[line] ?? '')?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** In a section that is unknown or has secrets, shows only the values of keys that are known and not secret. */
function withoutSecrets(line: string, section: string | undefined, leaves: readonly Leaf[]): string {
  const own = leaves.filter(({ path }) => path.startsWith(`${section ?? ''}.`));
  const mayHaveSecrets = own.length === 0 || own.some(({ setting }) => setting.secret);
  const open = new Set(own.flatMap(openNames));
  const keys = [...line.matchAll(/["']?([\w-]+)["']? *:(?=\s|$|["'[{])/g)];
  const isClosed = (name = '') =>
    !(name === section && own.length > 0) && !open.has(name) && (mayHaveSecrets || resemblesSecret(name));
  if (keys.length === 0) return mayHaveSecrets && line.trim() !== '' ? mask : redact(line);
  const first = keys.find(([, name]) => isClosed(name));
  if (first === undefined) return redact(line);
  const end = first.index + first[0].length;
  return line.slice(end).trim() === '' ? line : `${redact(line.slice(0, end))} ${mask}`;
}

/** The names of keys whose values are not secret, including the keys in the entries of a list. */
function openNames({ path, setting }: Leaf): readonly string[] {
  return setting.secret
    ? []
    : [...path.split('.'), ...Object.keys(setting.items ?? {}), ...keysAt(setting.schema, [])];
}
