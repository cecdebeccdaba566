// Whether a read that failed is asked again, and when. Only reads: a POST may have been carried out although its answer
// says otherwise.

export interface Failed {
  /** HTTP status, where there was an answer */
  readonly status?: number;
  /** the header of that name */
  readonly retryAfter?: string;
  /** Node's error code, where there was none */
  readonly code?: string;
  /** it went over a connection that had been used before, which the server may have closed meanwhile */
  readonly reused: boolean;
}

/** Repetitions of one read at most. */
const repetitions = 2;
const firstPauseMs = 250;
const growth = 4;
/** Whoever asks for more patience than this is asked again by the next look, not by this one. */
const longestPauseMs = 10_000;

/**
 * @param repetition counted from 1
 * @param refresh whether the read makes Argo CD compare anew
 * @param once whether it is sent again only where a kept connection was cut
 * @param random 0 to 1
 * @param now milliseconds since the epoch
 * @returns milliseconds; undefined: not again
 */
export function pauseBefore(
  repetition: number,
  failed: Failed,
  {
    refresh,
    once,
    random,
    now,
  }: { readonly refresh: boolean; readonly once: boolean; readonly random: number; readonly now: number },
): number | undefined {
  const isPassing = wasCut(failed) || (!once && isServersState(failed, refresh));
  if (repetition > repetitions || !isPassing) return undefined;
  const own = firstPauseMs * growth ** (repetition - 1) * (0.5 + random);
  const asked = retryAfterMs(failed.retryAfter, now);
  if (asked !== undefined && asked > longestPauseMs) return undefined;
  return Math.max(own, asked ?? 0);
}

/** Of a kept connection, which the server may close at any time. */
function wasCut({ status, code, reused }: Failed): boolean {
  return status === undefined && reused && (code === 'ECONNRESET' || code === 'EPIPE');
}

function isServersState({ status, code }: Failed, refresh: boolean): boolean {
  // A gateway gave up waiting: a comparison that took too long once would once more, and strain Argo CD twice.
  if (status === 504) return !refresh;
  if (status !== undefined) return status === 429 || status === 502 || status === 503;
  return code === 'ECONNREFUSED';
}

/** Seconds or a date (RFC 9110, section 10.2.3); anything else says nothing. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = /^[A-Za-z]{3},/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
