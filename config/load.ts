// Loads the configuration of one process in steps: file.ts, environment.ts and flags.ts collect the given values, strongest.ts
// chooses one for each setting, read-value.ts reads it and judge.ts checks it. All problems are reported at once.
import { resolve } from 'node:path';
import { readEnvironment } from './environment.ts';
import { readFile } from './file.ts';
import { givenByFlags, givenByProgram, type Fixed } from './flags.ts';
import { originOf, type Given, type GivenByPath } from './given.ts';
import { judge, missing } from './judge.ts';
import { ConfigError, mask, type Problem } from './problems/problem.ts';
import { readValue } from './read-value.ts';
import {
  leavesIn,
  loadSections,
  sectionNames,
  type Config,
  type Leaf,
  type SectionName,
} from './sections.ts';
import { overriddenPlaces, strongest } from './strongest.ts';

type LeafOf<S extends SectionName> = { [K in S]: `${K}.${Extract<keyof Config[K], string>}` }[S];

/** The leaves named in `R`, no longer optional. */
type Required<R extends string> = {
  readonly [K in SectionName as Extract<R, `${K}.${string}`> extends never ? never : K]: {
    readonly [L in keyof Config[K] as `${K}.${Extract<L, string>}` extends R ? L : never]-?: Config[K][L];
  };
};

export interface LoadOptions<S extends SectionName, R extends LeafOf<S> = never> {
  /** The sections that the process uses. Of the other sections, only the names are checked. */
  readonly sections: readonly S[];
  /** Settings without default that this process needs, for example `argocd.server`. */
  readonly required?: readonly R[];
  /** Groups of settings of which at least one must be set, for example `argocd.token` or `argocd.username`. */
  readonly oneOf?: readonly (readonly LeafOf<S>[])[];
  /** The value of `--config`. Without it, `config/release-button.yaml` is used if it exists. */
  readonly configFile?: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The texts of the flags, by the path of `flagsOf()`. Flags of other sections are ignored. */
  readonly flags: Readonly<Record<string, string>>;
  /** Replaces defaults; weaker than the file. */
  readonly defaults?: Fixed;
  /** Stronger than everything. */
  readonly forced?: Fixed;
}

interface ResolvedLeaf {
  readonly path: string;
  /** The value in use; undefined if unset, masked if secret. */
  readonly value: unknown;
  readonly secret: boolean;
  readonly origin: string;
}

export interface LoadResult<S extends SectionName, R extends LeafOf<S> = never> {
  readonly config: Pick<Config, S> & Required<R>;
  /** The file that was read. */
  readonly file?: string;
  /** The settings of the sections that the process uses, in the order of the example file. */
  readonly leaves: readonly ResolvedLeaf[];
  /** The file of each secret that comes from a file, by the path of its setting. The worker reads these files again. */
  readonly secretFiles: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** @throws ConfigError with everything that is wrong. */
// The overload states what the body establishes section by section and the compiler cannot follow: `config`
// holds what the schemas of exactly the sections S returned, and none of the leaves R is unset.
export function loadConfig<const S extends SectionName, const R extends LeafOf<S> = never>(
  options: LoadOptions<S, R>,
): Promise<LoadResult<S, R>>;
export async function loadConfig(
  options: Omit<LoadOptions<SectionName>, 'required' | 'oneOf'> & {
    readonly required?: readonly string[];
    readonly oneOf?: readonly (readonly string[])[];
  },
): Promise<Omit<LoadResult<SectionName>, 'config'> & { readonly config: object }> {
  const { cwd, env } = options;
  const names = sectionNames.filter((name) => options.sections.includes(name));
  const sections = await loadSections(names);
  const leaves = leavesIn(sections);

  const file = await readFile(options, sections, leaves);
  const environment = readEnvironment(leaves, names, env);
  const winners = strongest(leaves, {
    defaults: givenByProgram(leaves, names, options.defaults),
    file: file.given,
    variables: environment.given,
    flags: givenByFlags(leaves, names, options.flags),
    forced: givenByProgram(leaves, names, options.forced),
  });

  const read = await readValues(leaves, winners, cwd);
  const { given, reported, secretFiles } = read;
  const judged = judge(sections, { leaves, given, reported, isFileUnreadable: file.isUnreadable });
  const problems = [...file.problems, ...environment.problems, ...read.problems, ...judged.problems];
  // An unreadable file may contain what seems to be missing.
  if (!file.isUnreadable) {
    const alternatives = [...(options.required ?? []).map((path) => [path]), ...(options.oneOf ?? [])];
    problems.push(...missing(alternatives, leaves, given));
  }
  if (leaves.some(({ path, setting }) => setting.certificates === true && given.has(path))) {
    const { certificateProblems } = await import('./certificate-files.ts');
    problems.push(...(await certificateProblems(leaves, given, cwd)));
  }
  if (problems.length > 0) throw new ConfigError(problems);

  return {
    config: judged.config,
    ...(file.name !== undefined && { file: file.name }),
    leaves: leaves.map(({ path, setting: { secret } }) => {
      const value = path
        .split('.')
        .reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), judged.config);
      const origin = originOf(given.get(path), []);
      return { path, value: secret && value !== undefined ? mask : value, secret, origin };
    }),
    secretFiles,
    warnings: [
      ...environment.warnings,
      ...overriddenPlaces(file.given, environment.given, winners),
      ...judged.warnings,
    ],
  };
}

async function readValues(leaves: readonly Leaf[], winners: GivenByPath, cwd: string) {
  const given = new Map<string, Given>();
  const problems: Problem[] = [];
  const reported = new Set<string>();
  const secretFiles = new Map<string, string>();
  for (const leaf of leaves) {
    const { path } = leaf;
    const winner = winners.get(path);
    if (winner === undefined) continue;
    for (const inside of winner.reported ?? []) reported.add(inside);
    const read = await readValue(leaf, winner, cwd);
    given.set(path, 'given' in read ? read.given : winner);
    if ('problems' in read) {
      problems.push(...read.problems);
      reported.add(path);
    } else if (winner.inFile) secretFiles.set(path, resolve(cwd, String(winner.value)));
  }
  return { given, problems, reported, secretFiles };
}
