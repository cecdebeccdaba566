// Chooses the value that counts for each setting. Convict applies the precedence, from the weakest to the strongest: defaults, the
// loaded file, the environment, and the values that are set afterwards, which are the flags.
import convict from 'convict';
import { byDefault, type Given, type GivenByPath } from './given.ts';
import type { Leaf } from './sections.ts';

interface Sources {
  /** Set by the program, in place of the declared defaults. */
  readonly defaults: GivenByPath;
  readonly file: GivenByPath;
  readonly variables: GivenByPath;
  readonly flags: GivenByPath;
  /** Set by the program. They override everything. */
  readonly forced: GivenByPath;
}

/**
 * For a variable: its text. Otherwise a value with its origin, wrapped twice. It is behind a function, because convict copies values
 * and the copy of a map lacks its key `__proto__`. The function is in a list, because convict would call a bare function.
 */
type Held = readonly (() => Given)[] | string | undefined;

/** The value that counts, for each setting that has one. */
export function strongest(leaves: readonly Leaf[], sources: Sources): GivenByPath {
  const { defaults, file, variables, flags, forced } = sources;
  const named = <Value>(given: GivenByPath, hold: (one: Given) => Value) =>
    leaves.flatMap(({ path, variable }): [string, Value][] => {
      const one = given.get(path);
      return one === undefined ? [] : [[variable, hold(one)]];
    });
  const inList = (one: Given): Held => [() => one];

  const schema = leaves.map(({ path, variable, setting }) => {
    const given = defaults.get(path) ?? declaredDefault(setting.default);
    const { doc, secret: sensitive } = setting;
    // Format `*` accepts everything: judge.ts judges the value later and knows its place in the file.
    const declared = { doc, default: given && inList(given), format: '*', env: variable, sensitive };
    return [variable, declared] as const;
  });
  const env = Object.fromEntries(named(variables, ({ value }) => String(value)));
  // `args` is empty, because convict's parser would read the password `1e3` as the number 1000.
  const store = convict<Record<string, Held>>(Object.fromEntries(schema), { env, args: [] });
  store.load(Object.fromEntries(named(file, inList)));
  for (const [name, one] of [...named(flags, inList), ...named(forced, inList)]) store.set(name, one);

  const winners = store.getProperties();
  return new Map(
    leaves.flatMap(({ path, variable }): [string, Given][] => {
      const winner = winners[variable];
      const given = typeof winner === 'string' ? variables.get(path) : winner?.[0]?.();
      return given === undefined ? [] : [[path, given]];
    }),
  );
}

function declaredDefault(value: unknown): Given | undefined {
  return value === undefined ? undefined : { value, origin: byDefault, locate: () => byDefault };
}

/** Settings that decide which servers a process talks to. */
const places = ['mqtt.url', 'argocd.server'];

/**
 * Warns if a variable names another server than the file: a shell may have ARGOCD_SERVER for the argocd command. A flag causes no
 * warning, because people type it on purpose. The value in the file is not shown, because nothing has checked it.
 */
export function overriddenPlaces(
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
      `${path} is ${String(value)}, from ${origin}, which overrides the different value in ${inFile.origin}: unset ${origin}, or remove ${path} from the file`,
    ];
  });
}
