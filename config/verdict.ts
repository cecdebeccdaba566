// From what a schema or a check objects to, to a problem that a person can act on.
import type * as z from 'zod/mini';
import type { Finding, Section } from './declare.ts';
import { unknownKey } from './file-layer.ts';
import { originOf, type Given } from './layers.ts';
import { formatPath, mask, show, type Problem } from './problems.ts';
import type { Leaf, SectionName } from './sections.ts';
import { allowed, choicesOf, keysAt, schemaAt } from './wording.ts';
import { wrongKind } from './wrong-kind.ts';

export interface Context {
  readonly leaves: readonly Leaf[];
  readonly winners: ReadonlyMap<string, Given>;
  readonly merged: Readonly<Record<string, unknown>>;
  /** Leaves about which a problem has been reported already. */
  readonly broken: ReadonlySet<string>;
  /** The file cannot be read: nothing can be said of what it may set. */
  readonly unknown: boolean;
}

export interface Place {
  readonly leaf?: Leaf;
  readonly key: string;
  readonly origin: string;
  /** `port: ` in a file, `RELEASE_BUTTON_BROKER_PORT=` where a variable gave it, and so on. */
  readonly begin: string;
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
  const given = leaf === undefined ? undefined : winners.get(leaf.path);
  // A number as it was written: `0x10` is found in the file, 16 is not.
  const written = typeof value === 'number' ? given?.sourceOf?.(path.slice(depth + 1)) : undefined;
  const shown = leaf?.setting.secret ? mask : (written ?? show(value));
  return {
    ...(leaf && { leaf }),
    key: formatPath(path),
    begin: beginOf(path, depth, given),
    origin: leaf ? originOf(given, path.slice(depth + 1)) : 'default',
    value,
    shown: value === undefined ? {} : { value: shown },
  };
}

/** A value that is a leaf as a whole is written again where it was given. */
function beginOf(path: readonly PropertyKey[], depth: number, given: Given | undefined): string {
  if (depth === path.length - 1 && given !== undefined && given.locate === undefined) {
    if (given.origin.startsWith('--')) return `${given.origin} `;
    if (/^[A-Z_]+$/.test(given.origin)) return `${given.origin}=`;
  }
  const name = path.at(-1);
  return typeof name === 'number' ? '- ' : `${String(name)}: `;
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
  const problems = withoutEchoes(issues, issues).flatMap((issue) =>
    issueProblem(name, section, issue, context),
  );
  return problems.filter(
    ({ key, message }, index) =>
      problems.findIndex((other) => other.key === key && other.message === message) === index,
  );
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
  if ((place.leaf && context.broken.has(place.leaf.path)) || context.broken.has(place.key)) return [];
  if (context.unknown && !(place.leaf && context.winners.has(place.leaf.path))) return [];
  if (issue.code === 'unrecognized_keys') {
    const siblings = keysAt(section.schema, issue.path);
    return issue.keys.map((key) => {
      const unknown = placeOf([...path, key], context);
      return unknownKey([...path, key], siblings, unknown.value, unknown.origin, []);
    });
  }
  const { key, origin, shown } = place;
  if (issue.message !== '') {
    const remedy = remedyOf(issue, place.value);
    const schema = schemaAt(section.schema, issue.path);
    const wanted = allowed(schema, String(path.at(-1)));
    const line = choicesOf(schema).length === 1 ? `\`${place.begin}${wanted}\`` : wanted;
    return [
      {
        key,
        origin,
        ...shown,
        message: issue.message,
        remedy: remedy ?? `write ${line}`,
      },
    ];
  }
  // `waves: [a, b]` is one mistake: said of the list, where that can be put right as a whole.
  const list = placeOf(path.slice(0, -1), context);
  const whole =
    issue.code === 'invalid_type' && Array.isArray(list.value)
      ? sayKind(section, issue.path.slice(0, -1), list)
      : undefined;
  if (whole?.isPutRight === true) return [whole.problem];
  return [sayKind(section, issue.path, place).problem];
}

/** Of a check of ours, which says it once or of the value. */
function remedyOf(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  const { remedy, remedyOf: of }: Record<string, unknown> = (issue.code === 'custom' && issue.params) || {};
  const said: unknown =
    typeof of === 'function' && typeof value === 'string' ? Reflect.apply(of, undefined, [value]) : remedy;
  return typeof said === 'string' ? said : undefined;
}

function sayKind(section: Section, path: readonly PropertyKey[], place: Place) {
  const schema = schemaAt(section.schema, path);
  const { message, remedy, isPutRight } = wrongKind(schema, place);
  const { key, origin, shown } = place;
  return { problem: { key, origin, ...shown, message, remedy }, isPutRight };
}
