// From what a schema or a check objects to, to a problem that a person can act on.
import type * as z from 'zod/mini';
import type { Finding, Section } from './declare.ts';
import { unknownKey } from './file-layer.ts';
import { originOf, type Given } from './layers.ts';
import { nearest } from '../messages/nearest.ts';
import { formatPath, mask, show, type Problem } from './problems.ts';
import type { Leaf, SectionName } from './sections.ts';
import { allowed, choicesAt, keysAt, schemaAt } from './wording.ts';

export interface Context {
  readonly leaves: readonly Leaf[];
  readonly winners: ReadonlyMap<string, Given>;
  readonly merged: Readonly<Record<string, unknown>>;
  /** Leaves about which a problem has been reported already. */
  readonly broken: ReadonlySet<string>;
  /** The file cannot be read: nothing can be said of what it may set. */
  readonly unknown: boolean;
}

interface Place {
  readonly leaf?: Leaf;
  readonly key: string;
  readonly origin: string;
  readonly value: unknown;
  /** For people; absent where there is none. */
  readonly shown: { readonly value?: string };
}

function placeOf(path: readonly PropertyKey[], { leaves, winners, merged }: Context): Place {
  const depth = path.findIndex((_, index) =>
    leaves.some((leaf) => leaf.path === formatPath(path.slice(0, index + 1))),
  );
  const leaf = leaves.find((candidate) => candidate.path === formatPath(path.slice(0, depth + 1)));
  const value = path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    merged,
  );
  const shown = leaf?.setting.secret ? mask : show(value);
  return {
    ...(leaf && { leaf }),
    key: formatPath(path),
    origin: leaf ? originOf(winners.get(leaf.path), path.slice(depth + 1)) : 'default',
    value,
    shown: value === undefined ? {} : { value: shown },
  };
}

export function findingProblem(
  section: SectionName,
  { path, message, remedy }: Finding,
  context: Context,
): Problem {
  const { key, origin, shown } = placeOf([section, ...path], context);
  return { key, origin, ...shown, message, remedy };
}

export function issueProblems(
  name: SectionName,
  section: Section,
  issues: readonly z.core.$ZodIssue[],
  context: Context,
): Problem[] {
  return withoutEchoes(issues, issues).flatMap((issue) => issueProblem(name, section, issue, context));
}

/** What a check says of a map with misspelt keys (`is empty`) follows from the misspelling. */
export function withoutEchoes<Said extends { readonly path: readonly PropertyKey[]; readonly code?: string }>(
  said: readonly Said[],
  issues: readonly z.core.$ZodIssue[],
): readonly Said[] {
  const misspelt = issues
    .filter(({ code }) => code === 'unrecognized_keys')
    .map(({ path }) => formatPath(path));
  return said.filter(
    ({ code = 'custom', path }) => code !== 'custom' || !misspelt.includes(formatPath(path)),
  );
}

function issueProblem(
  name: SectionName,
  section: Section,
  issue: z.core.$ZodIssue,
  context: Context,
): Problem[] {
  const path = [name, ...issue.path];
  const place = placeOf(path, context);
  if (place.leaf && context.broken.has(place.leaf.path)) return [];
  if (context.unknown && !(place.leaf && context.winners.has(place.leaf.path))) return [];
  if (issue.code === 'unrecognized_keys') {
    const siblings = keysAt(section.schema, issue.path);
    return issue.keys.map((key) => {
      const unknown = placeOf([...path, key], context);
      return unknownKey([...path, key], siblings, unknown.value, unknown.origin, []);
    });
  }
  const { key, origin, shown } = place;
  const wanted = allowed(schemaAt(section.schema, issue.path));
  const remedy: unknown = issue.code === 'custom' ? issue.params?.['remedy'] : undefined;
  return [
    {
      key,
      origin,
      ...shown,
      message: issue.message || `must be ${wanted}${instead(place.value, wanted)}`,
      remedy:
        typeof remedy === 'string' ? remedy : remedyFor(place, wanted, choicesAt(section.schema, issue.path)),
    },
  ];
}

function instead(value: unknown, wanted: string): string {
  if (wanted.includes(' or text')) return '';
  if (Array.isArray(value)) return wanted.startsWith('a list') ? `, not of ${value.length}` : ', not a list';
  if (typeof value === 'object' && value !== null) return wanted.startsWith('a map') ? '' : ', not a map';
  if (typeof value === 'string') {
    if (wanted.startsWith('text')) return `, not of ${value.length}`;
    return wanted.startsWith('one of') ? '' : ', not text';
  }
  return wanted.startsWith('text') ? `, not a ${typeof value}` : '';
}

function remedyFor({ leaf, key, value }: Place, wanted: string, choices: readonly string[]): string {
  if (typeof value === 'string') {
    const near = nearest(value, choices);
    if (near !== undefined) return `did you mean \`${near}\`?`;
    if (wanted.startsWith('a whole number') && /^\d+$/.test(value)) return 'write the number without quotes';
    if (wanted === 'true or false' && /^(true|false)$/.test(value)) return 'write it without quotes';
  } else if (typeof value !== 'object' && wanted.startsWith('text')) return 'put the value in quotes';
  const own = leaf?.path === key ? leaf.setting.default : undefined;
  const orDefault = own === undefined ? '' : `, or remove it for the default, ${show(own)}`;
  return `set ${key} to ${wanted}${orDefault}`;
}
