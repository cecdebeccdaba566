// Calculates the difference between another clock and ours from a time stamp of that clock.

/** @returns by at least how many milliseconds the other clock is ahead (negative: behind). 0: no difference can be seen */
export function skewOf(stamp: {
  /** The time stamp of the other clock, in milliseconds since the epoch */
  readonly said: number;
  /** Our clock at the earliest and at the latest moment at which the time stamp can have been made */
  readonly earliest: number;
  readonly latest: number;
  /** The time stamp is rounded down to a multiple of this many milliseconds */
  readonly resolution?: number;
}): number {
  const { said, earliest, latest, resolution = 1 } = stamp;
  if (said > latest) return said - latest;
  if (said + resolution < earliest) return said + resolution - earliest;
  return 0;
}

/**
 * A press with a time is refused if the time is `worker.maxPressAgeMs` in the past or in the future. Half of that is for the
 * difference between the clocks, the other half for the delivery of the press.
 */
export function toleratedMs(maxPressAgeMs: number): number {
  return maxPressAgeMs / 2;
}
