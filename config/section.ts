// Judges a section: the schema of each setting judges its value, then a check looks for contradictions among the valid ones.
import type * as z from 'zod/mini';
import { nearest } from '../messages/nearest.ts';
import { isMap, isSetting, type ConfigOf, type Group, type OptionalKeys, type Setting } from './setting.ts';

/** What a check calls for each contradiction; `path` begins below the section. */
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

/** Stands for a wrong or missing value that has been reported, because a check cannot know what its writer meant. */
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

/** A group as checks see it: with all valid values, so that one wrong value does not hide other problems. */
type SeenOf<G> = {
  readonly [K in Exclude<keyof G, OptionalKeys<G>>]: SeenLeaf<G[K]>;
} & { readonly [K in OptionalKeys<G>]?: SeenLeaf<G[K]> };

/** Whether nothing in the entry has been refused. */
export function isWhole<Entry extends object>(
  entry: Entry,
): entry is Entry & { readonly [K in keyof Entry]: Exclude<Entry[K], Refused> } {
  return !Object.values(entry).includes(refused);
}

/** The entries of a list that are maps, each with its index. */
export function entriesIn<Entry>(
  list: Seen<readonly Seen<Entry>[]>,
): readonly { readonly entry: Entry; readonly index: number }[] {
  if (list === refused) return [];
  return list.flatMap((entry, index) => (entry === refused ? [] : [{ entry, index }]));
}

/** What was given for a section; each `path` begins below the section. */
interface GivenValues {
  valueOf(path: readonly PropertyKey[]): unknown;
  /** Whether a problem of the value has been reported already. */
  isReported(path: readonly PropertyKey[]): boolean;
  /** `mqtt.topicPrefix`, for checks of topics that must not be below it; undefined if it is not known */
  readonly topicPrefix: string | undefined;
}

interface Judged<Value> {
  /** Absent if there are issues. */
  readonly value?: Value;
  readonly issues: readonly z.core.$ZodIssue[];
  readonly findings: readonly Finding[];
}

export interface Section<Value = unknown, G extends Group = Group> {
  readonly settings: G;
  judge(given: GivenValues): Judged<Value>;
}

/** Declares a section; `check` sees its valid values and reports contradictions. */
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

/** An empty message marks the issues whose text schema-problems.ts writes. For a single parse, zod's JIT costs more than it saves. */
const quietly = { error: () => '', jitless: true };

// The overload states what the loop does; the compiler cannot derive it. The same holds for `schemaOf`.
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

/** Judges each key on its own, so that one wrong value in an entry does not hide other problems. */
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
