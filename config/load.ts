// Loads the configuration of one process: defaults, file, environment and flags, the later the stronger; every
// error at once, and for every leaf where its value came from.
import { join, resolve } from 'node:path';
import type { Section } from './declare.ts';
import { fileVariable, ownEnvironment, sharedEnvironment } from './environment.ts';
import { excerptOf } from './excerpt.ts';
import { fileLayer } from './file-layer.ts';
import { readText } from './files.ts';
import {
  fixedLayer,
  maximumYamlBytes,
  originOf,
  flagLayer,
  type Fixed,
  type Given,
  type Layer,
} from './layers.ts';
import { merge } from './merge.ts';
import { overriddenPlaces } from './overridden.ts';
import { ConfigError, formatPath, mask, type Problem } from './problems.ts';
import { resolveSecret } from './secrets.ts';
import {
  leavesIn,
  loadSections,
  sectionNames,
  type Config,
  type Leaf,
  type SectionName,
} from './sections.ts';
import { findingProblem, issueProblems, withoutEchoes, type Context } from './verdict.ts';

type LeafOf<S extends SectionName> = { [K in S]: `${K}.${Extract<keyof Config[K], string>}` }[S];

/** The leaves named in `R`, no longer optional. */
type Required<R extends string> = {
  readonly [K in SectionName as Extract<R, `${K}.${string}`> extends never ? never : K]: {
    readonly [L in keyof Config[K] as `${K}.${Extract<L, string>}` extends R ? L : never]-?: Config[K][L];
  };
};

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

const defaultFile = 'config/release-button.yaml';

/** The file that somebody has named, and where. An empty variable counts as not set. */
export function namedFile({
  configFile,
  env,
}: Pick<LoadOptions<SectionName>, 'configFile' | 'env'>):
  { readonly name: string; readonly by: string } | undefined {
  if (configFile !== undefined) return { name: configFile, by: '--config' };
  const name = env[fileVariable]?.trim();
  return name === undefined || name === '' ? undefined : { name, by: fileVariable };
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
  const { cwd, env, flags } = options;
  const names = sectionNames.filter((name) => options.sections.includes(name));
  const sections = await loadSections(names);
  const leaves = leavesIn(sections);
  const file = await readFile(options, sections, leaves);
  const variables = [await sharedEnvironment(leaves, env), await ownEnvironment(leaves, names, env)];
  const layers: Layer[] = [
    fixedLayer(leaves, names, options.defaults),
    file.layer,
    ...variables,
    await flagLayer(leaves, names, flags),
    fixedLayer(leaves, names, options.forced),
  ];
  const secretFiles = filesOf(layers, cwd);
  const broken = brokenIn(layers);
  const secrets = await secretLayer(layers, cwd);
  layers.push(secrets);
  const problems = [...layers.flatMap((layer) => layer.problems), ...[...broken.values()].flat()];
  const winners = winnersOf(layers);
  const context: Context = {
    leaves,
    winners,
    merged: merge(sections, leaves, layers),
    broken: new Set([...broken.keys(), ...(secrets.broken?.keys() ?? [])]),
    unknown: file.unreadable === true,
  };
  const { config, warnings } = judge(sections, context, problems);
  const alternatives = [...(options.required ?? []).map((path) => [path]), ...(options.oneOf ?? [])];
  // Without the file, what is missing cannot be told from what it says.
  if (!context.unknown) problems.push(...missing(alternatives, context));
  if (leaves.some(({ path, setting }) => setting.certificates === true && winners.has(path))) {
    const { certificateProblems } = await import('./certificate-files.ts');
    problems.push(...(await certificateProblems(leaves, winners, cwd)));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    config,
    ...(file.name !== undefined && { file: file.name }),
    leaves: leaves.map(({ path, setting: { secret } }) => {
      const value = valueAt(config, path.split('.'));
      const origin = originOf(winners.get(path), []);
      return { path, value: secret && value !== undefined ? mask : value, secret, origin };
    }),
    secretFiles,
    warnings: [
      ...layers.flatMap((layer) => layer.warnings ?? []),
      ...overriddenPlaces(file.layer, variables, winners),
      ...warnings,
    ],
  };
}

interface FileRead {
  readonly layer: Layer;
  readonly name?: string;
  readonly unreadable?: true;
}

async function readFile(
  options: Pick<LoadOptions<SectionName>, 'configFile' | 'cwd' | 'env'>,
  sections: ReadonlyMap<SectionName, Section>,
  leaves: readonly Leaf[],
): Promise<FileRead> {
  const { cwd } = options;
  const named = namedFile(options);
  const name = named?.name ?? defaultFile;
  const read = await readText(resolve(cwd, name), maximumYamlBytes);
  const failed = (problems: Problem[]): FileRead => ({
    layer: { given: new Map(), problems },
    name,
    unreadable: true,
  });
  if (read.text === undefined) {
    if (named === undefined && (read.code === 'ENOENT' || read.code === 'ENOTDIR'))
      return { layer: { given: new Map(), problems: [] } };
    return failed([
      {
        key: name,
        origin: named?.by ?? 'looked for by default',
        message: `the configuration file ${read.message}${name.startsWith('/') ? '' : ` (relative to ${cwd})`}`,
        remedy: await remedyFor(name, read.code, named?.by, cwd),
      },
    ]);
  }
  const { parseYaml } = await import('./yaml.ts');
  const parsed = parseYaml(read.text);
  if ('faults' in parsed) {
    const { text } = read;
    return failed(
      parsed.faults.map((fault) => ({
        key: name,
        origin: `${name}:${fault.line}`,
        message: `is not YAML: line ${fault.line}, column ${fault.column}: ${fault.message}`,
        remedy: fault.remedy,
        excerpt: excerptOf(text, fault, leaves),
      })),
    );
  }
  return { layer: fileLayer({ name, ...parsed }, sections, leaves), name };
}

async function remedyFor(name: string, code: string, by: string | undefined, cwd: string): Promise<string> {
  if (/^(["'`]).*\1$/.test(name)) return 'write the name without quotes';
  if (code === 'EACCES' || code === 'EPERM') return 'let the user that runs release-button read it';
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

/** Reads the secrets that the strongest layers name files for: one more layer, above them all. */
async function secretLayer(layers: readonly Layer[], cwd: string): Promise<Layer> {
  const given = new Map<string, Given>();
  const problems: Problem[] = [];
  const broken = new Map<string, readonly Problem[]>();
  for (const [path, strongest] of winnersOf(layers)) {
    const resolved = await resolveSecret(path, strongest, cwd);
    if ('given' in resolved) given.set(path, resolved.given);
    else {
      problems.push(resolved.problem);
      broken.set(path, []);
    }
  }
  return { given, problems, broken };
}

function filesOf(layers: readonly Layer[], cwd: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [path, { inFile, value }] of winnersOf(layers))
    if (inFile && typeof value === 'string') files.set(path, resolve(cwd, value));
  return files;
}

/** What no value came of, and no stronger layer gives. */
function brokenIn(layers: readonly Layer[]): ReadonlyMap<string, readonly Problem[]> {
  const broken = new Map<string, readonly Problem[]>();
  for (const layer of layers) {
    for (const path of layer.given.keys()) broken.delete(path);
    for (const [path, problems] of layer.broken ?? []) broken.set(path, problems);
  }
  return broken;
}

/** What the strongest layer gives for each leaf. */
function winnersOf(layers: readonly Layer[]): ReadonlyMap<string, Given> {
  return new Map(layers.flatMap((layer) => [...layer.given]));
}

function judge(sections: ReadonlyMap<SectionName, Section>, context: Context, problems: Problem[]) {
  const config: Record<string, unknown> = {};
  const warnings: string[] = [];
  const topicPrefix = valueAt(context.merged, ['mqtt', 'topicPrefix']);
  for (const [name, section] of sections) {
    const { value, issues, findings } = section.parse(context.merged[name], {
      topicPrefix: typeof topicPrefix === 'string' ? topicPrefix : undefined,
      isBroken: (path) => context.broken.has(formatPath([name, ...path])),
    });
    config[name] = value;
    problems.push(...issueProblems(name, section, issues, context));
    if (context.unknown) continue;
    for (const finding of withoutEchoes(findings, issues)) {
      if (finding.severity === 'error') problems.push(findingProblem(name, finding, context));
      else warnings.push(warningOf(findingProblem(name, finding, context)));
    }
  }
  return { config, warnings };
}

function warningOf({ key, origin, message, remedy }: Problem): string {
  return `${key} (${origin}): ${message}; ${remedy}`;
}

/** The first of the alternatives says what to do. */
function missing(
  alternatives: readonly (readonly string[])[],
  { leaves, winners, broken }: Context,
): Problem[] {
  const isSet = (path: string) => broken.has(path) || winners.get(path)?.value !== undefined;
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

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
