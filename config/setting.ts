// Declares a setting once, with its schema, its meaning and its default. The schemas for convict and zod, the variable, the flag,
// the example file and the type `Config` follow from this declaration.
import * as z from 'zod/mini';

export interface Setting<Value = unknown, Optional extends boolean = boolean> {
  readonly schema: z.ZodMiniType<Value>;
  /** What the setting is for, in a few sentences for users: the example file, docs/configuration.md and `--help` show them. */
  readonly doc: string;
  readonly optional: Optional;
  readonly default?: unknown;
  /** Only inside lists: the setting has no default, and its schema says what to do if it is missing. */
  readonly required?: true;
  /** The value is the path of a file of certificates (PEM), which is read and checked. */
  readonly certificates?: true;
  /** The value is never shown, and the key `<name>File` may name a file that contains it. */
  readonly secret: boolean;
  /** A second environment variable for the setting, weaker than RELEASE_BUTTON_<PATH>. */
  readonly env?: string;
  /** What to do if a process needs the setting and nobody has set it. */
  readonly whenMissing?: string;
  /** For a list: the declarations of the keys of an entry. */
  readonly items?: Group;
  /** What the example file shows for a setting without default, or for a list with `items` instead of their keys. */
  readonly example?: unknown;
}

export interface Group {
  readonly [name: string]: Setting | Group;
}

type ValueOf<E> = E extends Setting<infer Value> ? Value : E extends Group ? ConfigOf<E> : never;
export type OptionalKeys<G> = { [K in keyof G]: G[K] extends Setting<unknown, true> ? K : never }[keyof G];

/** The type of a parsed group: a setting without default is an optional property. */
export type ConfigOf<G> = {
  readonly [K in Exclude<keyof G, OptionalKeys<G>>]: ValueOf<G[K]>;
} & { readonly [K in OptionalKeys<G>]?: ValueOf<G[K]> };

type About = Pick<Setting, 'doc' | 'certificates' | 'env' | 'whenMissing' | 'items' | 'example'> & {
  readonly secret?: boolean;
};

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

/** The zod schema of an entry of a list: unknown keys are errors, and missing keys get their default. */
// The overload states what the loop does: one property for each declaration. The compiler cannot derive it.
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

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
