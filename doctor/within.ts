// Time limits: what does not answer becomes an answer of its own.
import type { Clock } from '../service/clock.ts';

export const late = Symbol('late');

/** The promise, or `late` when the time is up first. What it still does then is nobody's business any more. */
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
