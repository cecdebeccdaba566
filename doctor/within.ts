// Time limits for promises.
import type { Clock } from '../service/clock.ts';

export const late = Symbol('late');

/** @returns the result of the promise, or `late` if it takes longer than `ms`; its result is then ignored */
export async function within<Value>(
  clock: Pick<Clock, 'setTimeout'>,
  ms: number,
  promise: Promise<Value>,
): Promise<Value | typeof late> {
  let timer: { cancel(): void } | undefined;
  const over = new Promise<typeof late>((resolve) => {
    timer = clock.setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    timer?.cancel();
    promise.catch(() => {});
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
