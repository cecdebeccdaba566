// Whether a press, or part of it, repeats presses that were accepted just now. Pure.

/** Accepted presses of a button within its cool-down, by what they select, in milliseconds before this press. */
export interface Lately {
  /** a press that selects all of the button */
  readonly whole: number | undefined;
  /** the applications of this press that an accepted press has named */
  readonly apps: ReadonlyMap<string, number>;
}

export interface Repeats {
  /** Milliseconds since the last of those presses, if this press only repeats them. */
  readonly sinceAccepted: number | undefined;
  /** The applications of this press that it leaves to those presses, if it also selects others. */
  readonly takenApps: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/**
 * @param only the applications that the press names; undefined: all of the button
 * @param mayBePart false for presses that do not release, which count as a whole or not at all
 */
export function repeatsOf(
  only: readonly string[] | undefined,
  mayBePart: boolean,
  { whole, apps }: Lately,
): Repeats {
  if (whole === undefined && apps.size === 0) return { sinceAccepted: undefined, takenApps: none };
  const isAll = whole !== undefined || (only !== undefined && only.every((key) => apps.has(key)));
  if (isAll || !mayBePart) {
    let last = whole ?? Infinity;
    for (const since of apps.values()) last = Math.min(last, since);
    return { sinceAccepted: last, takenApps: none };
  }
  return { sinceAccepted: undefined, takenApps: new Set(apps.keys()) };
}
