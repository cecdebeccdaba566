// When got retries a read. These rules never retry a change: a POST may have been carried out although its answer says
// otherwise.
import type { RequestError, RetryOptions } from 'got';
import { backoffMs } from '../../service/backoff.ts';
import { delay, type Clock } from '../../service/clock.ts';
import type { Call } from './call.ts';
import { proxyBusy } from './proxy.ts';

const pauses = { minMs: 400, maxMs: 10_000 };
const cutConnection = ['ECONNRESET', 'EPIPE'];

/** What got decides by itself. Without `Retry-After`, got waits 1 ms, so the longer backoff below decides. */
const rules = {
  limit: 2,
  methods: ['GET'],
  statusCodes: [429, 502, 503, 504],
  errorCodes: ['ECONNREFUSED', proxyBusy, ...cutConnection],
  // If a server asks for a longer pause, this call fails, and the next poll asks again.
  maxRetryAfter: pauses.maxMs,
  backoffLimit: 1,
  noise: 0,
} satisfies Partial<RetryOptions>;

export interface RetryContext {
  readonly clock: Clock;
  /** 0 to 1 */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** on the monotonic clock: no retry begins later */
  readonly endsAt: number;
  /** Called after each failure, whether a retry follows or not. */
  readonly onFailure: (error: RequestError) => void;
}

export function retryOf(
  call: Pick<Call<unknown>, 'name' | 'once'>,
  { clock, random, signal, endsAt, onFailure }: RetryContext,
): Partial<RetryOptions> {
  return {
    ...rules,
    calculateDelay: async ({ attemptCount, error, computedValue }) => {
      // Not a failure: the `afterResponse` hook retries the request with a new token.
      if (error.name === 'RetryError') return computedValue;
      onFailure(error);
      if (computedValue === 0 || !mayPass(error, call)) return 0;
      const pause = Math.max(computedValue, backoffMs(attemptCount, pauses, random()));
      // The worker's clock measures the pause, and only within the limit of the whole call. Then got waits 1 ms more.
      return clock.monotonic() + pause < endsAt && (await delay(clock, pause, signal)) ? 1 : 0;
    },
  };
}

/** Decides what got cannot know about a failure that it would retry. */
function mayPass(
  { code, request, response }: RequestError,
  { name, once }: Pick<Call<unknown>, 'name' | 'once'>,
): boolean {
  // A server may close a kept-alive connection at any time. If it closes a new one, that is its answer.
  if (cutConnection.includes(code)) return request?.reusedSocket === true;
  // The gateway timed out. A comparison that took too long would do so again, and put twice the load on Argo CD.
  if (response?.statusCode === 504 && name === 'refresh') return false;
  return once !== true;
}
