// The values from the command line, and the values that the program itself sets.
import { givenText, type Given, type GivenByPath } from './given.ts';
import type { Leaf, SectionName } from './sections.ts';

/** Values that the program itself sets, as the demo does. */
export interface Fixed {
  /** The origin that people see, for example `the demo`. */
  readonly origin: string;
  /** By the path of the setting; undefined means unset. Paths of other sections are ignored. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** @throws TypeError for a path that is not a setting: the value that the program wants to force would not take effect */
export function givenByProgram(
  leaves: readonly Leaf[],
  own: readonly SectionName[],
  { origin, values }: Fixed = { origin: '', values: {} },
): GivenByPath {
  const known = leaves.map(({ path }) => path);
  return new Map(ownEntries(values, known, own).map(([path, value]) => [path, { value, origin }]));
}

/** @throws TypeError for a path that `flagsOf()` does not name. */
export function givenByFlags(
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
