// How far another clock is from ours, judged by a time stamp of its.

/** How far the other clock is ahead (positive) or behind, at least; 0: within what the stamp can tell. */
export function skewOf(stamp: {
  /** what the other clock said, in milliseconds since the epoch */
  readonly said: number;
  /** our clock at the latest and the earliest moment at which that may have been */
  readonly earliest: number;
  readonly latest: number;
  /** the other rounds down to so many milliseconds */
  readonly resolution?: number;
}): number {
  const { said, earliest, latest, resolution = 1 } = stamp;
  if (said > latest) return said - latest;
  if (said + resolution < earliest) return said + resolution - earliest;
  return 0;
}

/**
 * A press that says when it was made is refused from `worker.maxPressAgeMs` on, ahead or behind. Half of it is for the
 * clocks, half remains for the way of the press.
 */
export function toleratedMs(maxPressAgeMs: number): number {
  return maxPressAgeMs / 2;
}
