// Turns the issues of schemas and the findings of checks into problems that a person can act on.
import type * as z from 'zod/mini';
import type { Finding } from '../section.ts';
import { byDefault, originOf, type Given, type GivenByPath } from '../given.ts';
import { formatPath, mask, show, type Problem } from './problem.ts';
import type { Leaf, SectionName } from '../sections.ts';
import { unknownKey } from './unknown-key.ts';
import { allowed, choicesOf, keysAt, schemaAt } from './schema-words.ts';
import { wrongKind } from './wrong-kind.ts';

export interface Context {
  readonly leaves: readonly Leaf[];
  /** The values that count, after they were read. */
  readonly given: GivenByPath;
  /** Paths about which a problem has been reported already. */
  readonly reported: ReadonlySet<string>;
  /** If true, the file may set anything, so defaults are not judged. */
  readonly isFileUnreadable: boolean;
}

/** A value about which something is reported. */
export interface Place {
  readonly leaf: Leaf;
  readonly schema: z.core.$ZodType;
  readonly key: string;
  readonly origin: string;
  /** What a line with a new value begins with: `port: ` in a file, `RELEASE_BUTTON_BROKER_PORT=` for a variable. */
  readonly begin: string;
  readonly value: unknown;
  /** The value in words; empty if there is no value. */
  readonly shown: { readonly value?: string };
}

function placeOf(path: readonly PropertyKey[], { leaves, given }: Context): Place {
  const leaf = leaves.find((one) => `${formatPath(path)}.`.replaceAll('[', '.').startsWith(`${one.path}.`));
  if (leaf === undefined) throw new TypeError(`no setting ${formatPath(path)}`);
  const within = path.slice(leaf.path.split('.').length);
  const own = given.get(leaf.path);
  const value = valueAt(own?.value, within);
  // Show a number as it was written: people find `0x10` in their file, but not 16.
  const written = typeof value === 'number' ? own?.sourceOf?.(within) : undefined;
  const shown = leaf.setting.secret ? mask : (written ?? show(value));
  return {
    leaf,
    schema: schemaAt(leaf.setting.schema, within),
    key: formatPath(path),
    begin: beginOf(path, within, own),
    origin: originOf(own, within),
    value,
    shown: value === undefined ? {} : { value: shown },
  };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}

/** A new value of a setting is written where the old one was given. A value inside a list is written as in a file. */
function beginOf(
  path: readonly PropertyKey[],
  within: readonly PropertyKey[],
  given: Given | undefined,
): string {
  if (within.length === 0 && given?.assignment !== undefined) return given.assignment;
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
  section: SectionName,
  issues: readonly z.core.$ZodIssue[],
  context: Context,
): Problem[] {
  const problems = withoutEchoes(issues, issues).flatMap((issue) => issueProblem(section, issue, context));
  return problems.filter(
    ({ key, message }, index) =>
      problems.findIndex((other) => other.key === key && other.message === message) === index,
  );
}

/** Leaves out problems that only follow from a misspelt key, for example that its map `is empty`. */
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

function issueProblem(section: SectionName, issue: z.core.$ZodIssue, context: Context): Problem[] {
  const path = [section, ...issue.path];
  const place = placeOf(path, context);
  const { key, origin, shown, leaf, schema } = place;
  if (context.reported.has(key)) return [];
  if (context.isFileUnreadable && context.given.get(leaf.path)?.origin === byDefault) return [];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => {
      const unknown = placeOf([...path, name], context);
      return unknownKey([...path, name], keysAt(schema, []), unknown.value, unknown.origin, []);
    });
  if (issue.message !== '') {
    const wanted = allowed(schema, String(path.at(-1)));
    const line = choicesOf(schema).length === 1 ? `\`${place.begin}${wanted}\`` : wanted;
    const remedy = remedyOf(issue, place.value) ?? `write ${line}`;
    return [{ key, origin, ...shown, message: issue.message, remedy }];
  }
  // `waves: [a, b]` is one mistake, so the list is reported if one line can correct all of it.
  const isEntry = issue.code === 'invalid_type' && typeof path.at(-1) === 'number';
  const whole = isEntry ? kindProblem(placeOf(path.slice(0, -1), context)) : undefined;
  return [whole?.isPutRight === true ? whole.problem : kindProblem(place).problem];
}

/** Our own refinements carry a remedy, or a function that makes one from the value. */
function remedyOf(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  const { remedy, remedyOf: of }: Record<string, unknown> = (issue.code === 'custom' && issue.params) || {};
  const said: unknown =
    typeof of === 'function' && typeof value === 'string' ? Reflect.apply(of, undefined, [value]) : remedy;
  return typeof said === 'string' ? said : undefined;
}

function kindProblem(place: Place) {
  const { message, remedy, isPutRight } = wrongKind(place);
  const { key, origin, shown } = place;
  return { problem: { key, origin, ...shown, message, remedy }, isPutRight };
}
