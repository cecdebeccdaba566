// Loads the configuration of one process. A value goes one way: it is given (file.ts, environment.ts, flags), the strongest
// counts (strongest.ts), is read (read-value.ts) and judged by its schema (declare.ts). Every problem is told at once.
import { resolve } from 'node:path';
import type { Section } from './declare.ts';
import { readEnvironment } from './environment.ts';
import { readFile } from './file.ts';
import { givenText, originOf, type Given, type GivenByPath } from './given.ts';
import { ConfigError, formatPath, mask, type Problem } from './problems/problem.ts';
import { readValue } from './read-value.ts';
import {
  leavesIn,
  loadSections,
  sectionNames,
  type Config,
  type Leaf,
  type SectionName,
} from './sections.ts';
import { strongest } from './strongest.ts';
import { findingProblem, issueProblems, withoutEchoes, type Context } from './problems/schema-problems.ts';

type LeafOf<S extends SectionName> = { [K in S]: `${K}.${Extract<keyof Config[K], string>}` }[S];

/** The leaves named in `R`, no longer optional. */
type Required<R extends string> = {
  readonly [K in SectionName as Extract<R, `${K}.${string}`> extends never ? never : K]: {
    readonly [L in keyof Config[K] as `${K}.${Extract<L, string>}` extends R ? L : never]-?: Config[K][L];
  };
};

/** What the program itself sets, as the demo does. */
interface Fixed {
  /** What people read as the origin, for example `demo`. */
  readonly origin: string;
  /** By the leaf's path; undefined stands for unset. Paths of other sections are ignored. */
  readonly values: Readonly<Record<string, unknown>>;
}

export interface LoadOptions<S extends SectionName, R extends LeafOf<S> = never> {
  /** The process's own sections. Of others only the names are checked. */
  readonly sections: readonly S[];
  /** Leaves without default that this process cannot do without, for example `argocd.token`. */
  readonly required?: readonly R[];
  /** Of each of these at least one has to be set: for example `argocd.token` or `argocd.username`. */
  readonly oneOf?: readonly (readonly LeafOf<S>[])[];
  /** What `--config` said; without it `config/release-button.yaml` is used where there is one. */
  readonly configFile?: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Text by the path of `flagsOf()`. Those of other sections are ignored. */
  readonly flags: Readonly<Record<string, string>>;
  /** Replaces defaults; weaker than the file. */
  readonly defaults?: Fixed;
  /** Stronger than everything. */
  readonly forced?: Fixed;
}

interface ResolvedLeaf {
  readonly path: string;
  /** In force; undefined where unset, masked where secret. */
  readonly value: unknown;
  readonly secret: boolean;
  readonly origin: string;
}

export interface LoadResult<S extends SectionName, R extends LeafOf<S> = never> {
  readonly config: Pick<Config, S> & Required<R>;
  /** The file that was read. */
  readonly file?: string;
  /** Of the process's own sections, in the order of the example file. */
  readonly leaves: readonly ResolvedLeaf[];
  /** Where the secrets that come from files have them, by the leaf's path: for what reads them again. */
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

  const { given, secretFiles, ...read } = await readValues(leaves, winners, cwd);
  const context = { leaves, given, reported: read.reported, isFileUnreadable: file.isUnreadable };
  const judged = judge(sections, context);
  const problems = [...file.problems, ...environment.problems, ...read.problems, ...judged.problems];
  // Without the file, what is missing cannot be told from what it says.
  if (!file.isUnreadable) {
    const alternatives = [...(options.required ?? []).map((path) => [path]), ...(options.oneOf ?? [])];
    problems.push(...missing(alternatives, context));
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

/** @throws TypeError for a path that is no leaf: what the program meant to force would stay as it is. */
function givenByProgram(
  leaves: readonly Leaf[],
  own: readonly SectionName[],
  { origin, values }: Fixed = { origin: '', values: {} },
): GivenByPath {
  const known = leaves.map(({ path }) => path);
  return new Map(ownEntries(values, known, own).map(([path, value]) => [path, { value, origin }]));
}

/** @throws TypeError for a path that `flagsOf()` does not name. */
function givenByFlags(
  leaves: readonly Leaf[],
  own: readonly SectionName[],
  flags: Readonly<Record<string, string>>,
): GivenByPath {
  const known = leaves.flatMap(({ path, setting }) => (setting.secret ? [path, `${path}File`] : [path]));
  const texts = new Map(ownEntries(flags, known, own));
  const textOf = (path: string, flag: string) => {
    const text = texts.get(path);
    return text === undefined ? undefined : { text, origin: flag, assignment: `${flag} ` };
  };
  return new Map(
    leaves.flatMap(({ path, flag }): [string, Given][] => {
      const given = givenText(textOf(path, flag), textOf(`${path}File`, `${flag}-file`));
      return given === undefined ? [] : [[path, given]];
    }),
  );
}

function ownEntries<Value>(
  values: Readonly<Record<string, Value>>,
  known: readonly string[],
  own: readonly SectionName[],
): [string, Value][] {
  const entries = Object.entries(values).filter(([path]) => own.some((name) => path.startsWith(`${name}.`)));
  const unknown = entries.find(([path]) => !known.includes(path));
  if (unknown !== undefined) throw new TypeError(`no setting ${unknown[0]}`);
  return entries;
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

function judge(sections: ReadonlyMap<SectionName, Section>, context: Context) {
  const config: Record<string, unknown> = {};
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const prefix = context.given.get('mqtt.topicPrefix')?.value;
  for (const [name, section] of sections) {
    const { value, issues, findings } = section.judge({
      valueOf: (path) => context.given.get(formatPath([name, ...path]))?.value,
      isReported: (path) => context.reported.has(formatPath([name, ...path])),
      topicPrefix: typeof prefix === 'string' ? prefix : undefined,
    });
    config[name] = value;
    problems.push(...issueProblems(name, issues, context));
    if (context.isFileUnreadable) continue;
    for (const finding of withoutEchoes(findings, issues)) {
      const problem = findingProblem(name, finding, context);
      if (finding.severity === 'error') problems.push(problem);
      else warnings.push(`${problem.key} (${problem.origin}): ${problem.message}; ${problem.remedy}`);
    }
  }
  return { config, problems, warnings };
}

/** The first of the alternatives says what to do. */
function missing(
  alternatives: readonly (readonly string[])[],
  { leaves, given }: Pick<Context, 'leaves' | 'given'>,
): Problem[] {
  const isSet = (path: string) => given.get(path)?.value !== undefined;
  const lacking = alternatives.filter((paths) => !paths.some(isSet)).map(([first]) => first);
  return leaves
    .filter(({ path }) => lacking.includes(path))
    .map(({ path, setting }) => ({
      key: path,
      origin: 'not set anywhere',
      message: 'is missing',
      remedy: setting.whenMissing ?? `set ${path}`,
    }));
}

/** With whom a process talks. */
const places = ['mqtt.url', 'argocd.server'];

/**
 * That a variable beats the file is meant; but one that stands in a shell for something else (ARGOCD_SERVER, for the argocd
 * command) would be followed silently. A flag is typed on purpose. The value of the file is not shown: nobody has judged it.
 */
function overriddenPlaces(
  file: GivenByPath,
  variables: GivenByPath,
  winners: GivenByPath,
): readonly string[] {
  return places.flatMap((path) => {
    const inFile = file.get(path);
    const variable = variables.get(path);
    if (inFile === undefined || variable === undefined || inFile.value === variable.value) return [];
    const { origin, value } = variable;
    if (winners.get(path)?.origin !== origin) return [];
    return [
      `${path} is ${String(value)}, from ${origin}; ${inFile.origin} says otherwise and does not count: unset ${origin}, or take ${path} out of the file`,
    ];
  });
}
