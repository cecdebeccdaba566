// What of a press was pressed just now already. Pure.

/** Accepted presses of a button within its cool-down, by what they select, in milliseconds before this press. */
export interface Lately {
  /** a press that selects all of the button */
  readonly whole: number | undefined;
  /** of the applications that this press selects, those that a press has named */
  readonly apps: ReadonlyMap<string, number>;
}

export interface Repeats {
  /** Milliseconds since the last of those presses, where this one selects nothing else. */
  readonly sinceAccepted: number | undefined;
  /** What of it has been taken by presses before, where there is something else to take. */
  readonly taken: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/**
 * @param only the applications that the press names; undefined: all of the button
 * @param mayBePart false: what does not release may not be taken in part
 */
export function repeatsOf(
  only: readonly string[] | undefined,
  mayBePart: boolean,
  { whole, apps }: Lately,
): Repeats {
  if (whole === undefined && apps.size === 0) return { sinceAccepted: undefined, taken: none };
  const isAll = whole !== undefined || (only !== undefined && only.every((key) => apps.has(key)));
  if (isAll || !mayBePart) {
    let last = whole ?? Infinity;
    for (const since of apps.values()) last = Math.min(last, since);
    return { sinceAccepted: last, taken: none };
  }
  return { sinceAccepted: undefined, taken: new Set(apps.keys()) };
}
