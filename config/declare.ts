// How a setting is declared: once, with its schema, meaning and default. The convict schema, the zod schema,
// the variable, the flag, the example file and the type `Config` all come from this one declaration.
import * as z from 'zod/mini';
import { nearest } from '../messages/nearest.ts';

export interface Setting<Value = unknown, Optional extends boolean = boolean> {
  readonly schema: z.ZodMiniType<Value>;
  /** What it is for, in one or two sentences for the example file and `--help`. */
  readonly doc: string;
  readonly optional: Optional;
  readonly default?: unknown;
  /** Inside lists: has no default, and its schema says what to do when it is left out. */
  readonly required?: true;
  /** The path of a file of certificates (PEM), which is read to see whether it is one. */
  readonly certificates?: true;
  /** Never shown; may also come from a file named by the sibling `<name>File`. */
  readonly secret: boolean;
  /** A second variable that sets it, weaker than RELEASE_BUTTON_<PATH>. */
  readonly env?: string;
  /** What to do when a process needs it and nobody set it. */
  readonly whenMissing?: string;
  /** Of a list: the declarations of one entry's keys. */
  readonly items?: Group;
  /** Of a setting without default: what the example file shows; of a list with `items`: instead of their keys. */
  readonly example?: unknown;
}

export interface Group {
  readonly [name: string]: Setting | Group;
}

type ValueOf<E> = E extends Setting<infer Value> ? Value : E extends Group ? ConfigOf<E> : never;
type OptionalKeys<G> = { [K in keyof G]: G[K] extends Setting<unknown, true> ? K : never }[keyof G];

/** The type of a parsed group: a setting without default is an optional property. */
export type ConfigOf<G> = {
  readonly [K in Exclude<keyof G, OptionalKeys<G>>]: ValueOf<G[K]>;
} & { readonly [K in OptionalKeys<G>]?: ValueOf<G[K]> };

interface About {
  readonly doc: string;
  readonly secret?: boolean;
  readonly certificates?: true;
  readonly env?: string;
  readonly whenMissing?: string;
  readonly items?: Group;
  readonly example?: unknown;
}

/** Declares one setting; without `default` it may be left unset. */
export function setting<S extends z.ZodMiniType>(
  schema: S,
  about: About & ({ readonly default: z.input<S> } | { readonly required: true }),
): Setting<z.output<S>, false>;
export function setting<S extends z.ZodMiniType>(
  schema: S,
  about: About & { readonly default?: never; readonly required?: never },
): Setting<z.output<S>, true>;
export function setting(
  schema: z.ZodMiniType,
  about: About & { readonly default?: unknown; readonly required?: true },
): Setting {
  return { secret: false, ...about, schema, optional: about.default === undefined && !about.required };
}

/**
 * The zod schema of a group: unknown keys are errors, missing ones get their default (this matters inside
 * lists; elsewhere convict has filled them in already).
 */
// The overload says what the loop below does and the compiler cannot follow: one property a declaration.
export function schemaOf<G extends Group>(group: G): z.ZodMiniType<ConfigOf<G>>;
export function schemaOf(group: Group): z.ZodMiniType {
  const shape: Record<string, z.ZodMiniType> = {};
  for (const [name, entry] of Object.entries(group)) {
    if (!isSetting(entry)) shape[name] = z.prefault(schemaOf(entry), {});
    else if (entry.required) shape[name] = entry.schema;
    else if (entry.optional) shape[name] = z.exactOptional(entry.schema);
    else shape[name] = z.prefault(entry.schema, entry.default);
  }
  return z.strictObject(shape);
}

export function isSetting(entry: Setting | Group): entry is Setting {
  return typeof entry['doc'] === 'string';
}

/** How a check says what it found; `path` counts from the section. */
export interface Report {
  readonly error: (path: readonly PropertyKey[], message: string, remedy: string) => void;
  readonly warning: Report['error'];
}

export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly remedy: string;
}

/** Stands for a value that is wrong or missing and has been reported as that: a check cannot know what was meant. */
export const refused: unique symbol = Symbol('refused');
type Refused = typeof refused;

/** A value as checks see it. */
export type Seen<Value> = Value | Refused;

/** A list of maps as checks see it. */
export type SeenList<Entry> = Seen<readonly Seen<{ readonly [K in keyof Entry]: Seen<Entry[K]> }>[]>;

type SeenEntry<Entry> = Entry extends readonly unknown[] | string | number
  ? Entry
  : Seen<{ readonly [K in keyof Entry]: Seen<Entry[K]> }>;
type SeenValue<Value> = Value extends readonly (infer Entry)[] ? readonly SeenEntry<Entry>[] : Value;
type SeenLeaf<E> =
  E extends Setting<infer Value> ? Seen<SeenValue<Value>> : E extends Group ? SeenOf<E> : never;

/** A group as checks see it: each value that is right, so that one wrong value does not hide what else is wrong. */
type SeenOf<G> = {
  readonly [K in Exclude<keyof G, OptionalKeys<G>>]: SeenLeaf<G[K]>;
} & { readonly [K in OptionalKeys<G>]?: SeenLeaf<G[K]> };

/** Whether nothing in the entry has been refused. */
export function isWhole<Entry extends object>(
  entry: Entry,
): entry is Entry & { readonly [K in keyof Entry]: Exclude<Entry[K], Refused> } {
  return !Object.values(entry).includes(refused);
}

/** The entries of a list that are right as far as they are maps, each with its place. */
export function entriesIn<Entry>(
  list: Seen<readonly Seen<Entry>[]>,
): readonly { readonly entry: Entry; readonly index: number }[] {
  if (list === refused) return [];
  return list.flatMap((entry, index) => (entry === refused ? [] : [{ entry, index }]));
}

/** What was given for a section; each `path` counts from the section. */
interface GivenValues {
  valueOf(path: readonly PropertyKey[]): unknown;
  /** Whether the value has been reported already, so that nobody judges it again. */
  isReported(path: readonly PropertyKey[]): boolean;
  /** `mqtt.topicPrefix`, which no other section may reach into; undefined where it is not known */
  readonly topicPrefix: string | undefined;
}

interface Judged<Value> {
  /** Absent where there are issues. */
  readonly value?: Value;
  readonly issues: readonly z.core.$ZodIssue[];
  readonly findings: readonly Finding[];
}

export interface Section<Value = unknown, G extends Group = Group> {
  readonly settings: G;
  judge(given: GivenValues): Judged<Value>;
}

/** Declares a section; `check` sees what is right of the section's values and finds what contradicts. */
export function section<const G extends Group>(
  settings: G,
  check?: (values: SeenOf<G>, report: Report, topicPrefix: string | undefined) => void,
): Section<ConfigOf<G>, G> {
  return {
    settings,
    judge: (given) => {
      const { value, seen, issues } = judgeGroup(settings, given, []);
      const findings: Finding[] = [];
      const report =
        (severity: Finding['severity']): Report['error'] =>
        (path, message, remedy) =>
          void findings.push({ path, severity, message, remedy });
      check?.(seen, { error: report('error'), warning: report('warning') }, given.topicPrefix);
      return issues.length === 0 ? { value, issues, findings } : { issues, findings };
    },
  };
}

/** An empty message marks the issues that schema-problems.ts words. No JIT: it does not pay for one parse. */
const quietly = { error: () => '', jitless: true };

// The overload says what the loop below does and the compiler cannot follow, as with `schemaOf`.
function judgeGroup<G extends Group>(
  group: G,
  given: GivenValues,
  above: readonly PropertyKey[],
): { readonly value: ConfigOf<G>; readonly seen: SeenOf<G>; readonly issues: readonly z.core.$ZodIssue[] };
function judgeGroup(
  group: Group,
  given: GivenValues,
  above: readonly PropertyKey[],
): { readonly value: object; readonly seen: object; readonly issues: readonly z.core.$ZodIssue[] } {
  const value: Record<string, unknown> = {};
  const seen: Record<string, unknown> = {};
  const issues: z.core.$ZodIssue[] = [];
  for (const [name, entry] of Object.entries(group)) {
    const path = [...above, name];
    if (!isSetting(entry)) {
      const inner = judgeGroup(entry, given, path);
      value[name] = inner.value;
      seen[name] = inner.seen;
      issues.push(...inner.issues);
      continue;
    }
    const own = given.valueOf(path);
    if (given.isReported(path)) seen[name] = refused;
    else if (own !== undefined) {
      const result = entry.schema.safeParse(own, quietly);
      if (result.success) value[name] = result.data;
      else issues.push(...result.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })));
      if (entry.items !== undefined && Array.isArray(own))
        seen[name] = seenList(entry.items, own, given, path);
      else seen[name] = result.success ? result.data : refused;
    }
  }
  return { value, seen, issues };
}

/** Key by key, so that one wrong value in an entry does not hide what else is wrong. */
function seenList(
  items: Group,
  list: readonly unknown[],
  given: GivenValues,
  above: readonly PropertyKey[],
): unknown {
  return list.map((entry, index) => {
    if (!isMap(entry)) return refused;
    const misspelt = Object.keys(entry)
      .filter((name) => !Object.hasOwn(items, name))
      .map((name) => nearest(name, Object.keys(items)));
    const seen: Record<string, unknown> = {};
    for (const [name, declared] of Object.entries(items)) {
      if (!isSetting(declared)) continue;
      const own = Object.hasOwn(entry, name) ? entry[name] : undefined;
      const value = own === undefined ? declared.default : own;
      const isRefused =
        given.isReported([...above, index, name]) || (own === undefined && misspelt.includes(name));
      if (isRefused || (value === undefined && declared.required)) seen[name] = refused;
      else if (value !== undefined) {
        const result = declared.schema.safeParse(value, quietly);
        seen[name] = result.success ? result.data : refused;
      }
    }
    return seen;
  });
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
