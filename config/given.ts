// What somebody has given for a setting, and where. `strongest.ts` chooses one of these values, and `read-value.ts` reads it.
import { formatPath } from './problems/problem.ts';

export interface Given {
  /** As it was found: the text of a variable or flag, the value that YAML reads from the file, or a value of the program. */
  readonly value: unknown;
  readonly origin: string;
  /** For a variable or flag: what a line with a new value begins with, for example `RELEASE_BUTTON_BROKER_PORT=`. */
  readonly assignment?: string;
  /** `value` is the path of a file that contains the secret. */
  readonly inFile?: true;
  /** The origin of a second, contradicting entry of the same source. */
  readonly clash?: string;
  /** The origin of a value inside a list. */
  readonly locate?: (within: readonly PropertyKey[]) => string;
  /** How a scalar inside the value was written. */
  readonly sourceOf?: (within: readonly PropertyKey[]) => string | undefined;
  /** Full paths inside a list about which a problem has been reported already. */
  readonly reported?: readonly string[];
}

/** By the path of the setting. A `value` of undefined unsets the setting. */
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

/** What a variable or flag gives. A secret comes directly or from a file. */
export function givenText(direct: Text | undefined, inFile: Text | undefined): Given | undefined {
  if (direct !== undefined) {
    const { text, ...about } = direct;
    return { ...about, value: text, ...(inFile && { clash: inFile.origin }) };
  }
  if (inFile === undefined) return undefined;
  const { text, ...about } = inFile;
  return { ...about, value: text, inFile: true };
}
