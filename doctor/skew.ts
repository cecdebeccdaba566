// Calculates the difference between another clock and ours from one of its time stamps.

/** How far the other clock is ahead (negative: behind) at least. 0: within the precision of the time stamp. */
export function skewOf(stamp: {
  /** The time stamp of the other clock, in milliseconds since the epoch */
  readonly said: number;
  /** Our clock at the latest and the earliest moment at which it can have been taken */
  readonly earliest: number;
  readonly latest: number;
  /** The other clock rounds down to this many milliseconds */
  readonly resolution?: number;
}): number {
  const { said, earliest, latest, resolution = 1 } = stamp;
  if (said > latest) return said - latest;
  if (said + resolution < earliest) return said + resolution - earliest;
  return 0;
}

/**
 * A press with a time is refused if it is `worker.maxPressAgeMs` in the past or the future. Half of that is for the difference
 * between the clocks, the other half for the delivery of the press.
 */
export function toleratedMs(maxPressAgeMs: number): number {
  return maxPressAgeMs / 2;
}
