// What somebody has given for a setting, and where. `strongest.ts` chooses one of them, `read-value.ts` reads it.
import { formatPath } from './problems/problem.ts';

export interface Given {
  /** As it was found: the text of a variable or flag, what YAML makes of the file, or a value of the program. */
  readonly value: unknown;
  readonly origin: string;
  /** Of a variable or flag: how a new value is written in its place, for example `RELEASE_BUTTON_BROKER_PORT=`. */
  readonly assignment?: string;
  /** `value` is the path of a file that holds the secret. */
  readonly inFile?: true;
  /** The origin of a second, contradicting entry of the same source. */
  readonly clash?: string;
  /** The origin of a value inside a list. */
  readonly locate?: (within: readonly PropertyKey[]) => string;
  /** How a scalar in it was written. */
  readonly sourceOf?: (within: readonly PropertyKey[]) => string | undefined;
  /** Full paths inside a list about which a problem has been reported already. */
  readonly reported?: readonly string[];
}

/** By the path of the setting; a `value` of undefined sets it back to unset. */
export type GivenByPath = ReadonlyMap<string, Given>;

export const byDefault = 'default';

/** The origin of `within` inside what was given. */
export function originOf(given: Given | undefined, within: readonly PropertyKey[]): string {
  if (!given) return byDefault;
  if (given.locate) return given.locate(within);
  return within.length === 0 ? given.origin : `${given.origin}, at ${formatPath(within)}`;
}

interface Text {
  readonly text: string;
  readonly origin: string;
  readonly assignment: string;
}

/** What a variable or flag gives; a secret comes directly or from a file. */
export function givenText(direct: Text | undefined, inFile: Text | undefined): Given | undefined {
  if (direct !== undefined) {
    const { text, ...about } = direct;
    return { ...about, value: text, ...(inFile && { clash: inFile.origin }) };
  }
  if (inFile === undefined) return undefined;
  const { text, ...about } = inFile;
  return { ...about, value: text, inFile: true };
}
