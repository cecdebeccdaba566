// Calculates the wait before the next attempt: it grows with each failure, varies at random, and has a limit.

export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

/** The share by which a delay varies up or down, so that many clients do not reconnect at the same moment. */
const jitter = 0.2;

/**
 * @param failures the number of attempts that failed in a row, from 1
 * @param random 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffOptions, random: number): number {
  const base = Math.min(maxMs, minMs * 2 ** Math.min(Math.max(0, failures - 1), 30));
  return Math.round(base * (1 + jitter * (2 * random - 1)));
}
