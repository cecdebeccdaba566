// How long to wait before the next try: growing, jittered, bounded.

export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Share by which a delay is varied up or down, so that many clients do not come back at once. */
const jitter = 0.2;

/**
 * @param failures tries that failed in a row, from 1
 * @param random 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffOptions, random: number): number {
  const base = Math.min(maxMs, minMs * 2 ** Math.min(Math.max(0, failures - 1), 30));
  return Math.round(base * (1 + jitter * (2 * random - 1)));
}
