// When got sends a read again. It never sends a change again by these rules: a POST may have been carried out although
// its answer says otherwise.
import type { RequestError, RetryOptions } from 'got';
import { backoffMs } from '../../service/backoff.ts';
import { delay, type Clock } from '../../service/clock.ts';
import type { Call } from './call.ts';
import { proxyBusy } from './proxy.ts';

const pauses = { minMs: 400, maxMs: 10_000 };
const cutConnection = ['ECONNRESET', 'EPIPE'];

/** What got decides by itself. Without `Retry-After` its own pause is 1 ms, so that the backoff below is longer. */
const rules = {
  limit: 2,
  methods: ['GET'],
  statusCodes: [429, 502, 503, 504],
  errorCodes: ['ECONNREFUSED', proxyBusy, ...cutConnection],
  // A server that asks for more patience is asked again by the next look, not by this one.
  maxRetryAfter: pauses.maxMs,
  backoffLimit: 1,
  noise: 0,
} satisfies Partial<RetryOptions>;

export interface RetryContext {
  readonly clock: Clock;
  /** 0 to 1 */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** by the monotonic clock: no retry begins after it */
  readonly endsAt: number;
  /** Called with each failure, whether a retry follows or not. */
  readonly onFailure: (error: RequestError) => void;
}

export function retryOf(
  call: Pick<Call<unknown>, 'name' | 'once'>,
  { clock, random, signal, endsAt, onFailure }: RetryContext,
): Partial<RetryOptions> {
  return {
    ...rules,
    calculateDelay: async ({ attemptCount, error, computedValue }) => {
      // Not a failure: the `afterResponse` hook asks for it, after it has a new token.
      if (error.name === 'RetryError') return computedValue;
      onFailure(error);
      if (computedValue === 0 || !mayPass(error, call)) return 0;
      const pause = Math.max(computedValue, backoffMs(attemptCount, pauses, random()));
      // By our clock, and only within the time of the whole. What is left for got to wait is 1 ms.
      return clock.monotonic() + pause < endsAt && (await delay(clock, pause, signal)) ? 1 : 0;
    },
  };
}

/** What got cannot know of a failure that it would send again. */
function mayPass(
  { code, request, response }: RequestError,
  { name, once }: Pick<Call<unknown>, 'name' | 'once'>,
): boolean {
  // The server may close a kept connection at any time. A new one that is cut is its answer.
  if (cutConnection.includes(code)) return request?.reusedSocket === true;
  // A gateway gave up waiting: a comparison that took too long would do so again, and strain Argo CD twice.
  if (response?.statusCode === 504 && name === 'refresh') return false;
  return once !== true;
}
