// Waits for events instead of fixed times.
import { patienceMs } from './patience.ts';

const pollMs = 10;

/**
 * Resolves to the first value of `probe` that is neither undefined nor false.
 * @param event its name, for the message if it never happens
 */
export async function until<T>(
  event: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = patienceMs,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${event}`);
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
  }
}

/**
 * Checks for a while that a statement stays true, to show that something does not happen.
 * @param forMs how long, in milliseconds
 */
export async function stays(
  statement: string,
  isTrue: () => boolean | Promise<boolean>,
  forMs: number,
): Promise<void> {
  const deadline = performance.now() + forMs;
  while (performance.now() < deadline) {
    if (!(await isTrue())) throw new Error(`did not stay so: ${statement}`);
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
  }
}
