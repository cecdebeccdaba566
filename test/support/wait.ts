// Waits for an event instead of for time to pass.
import { patienceMs } from './patience.ts';

const pollMs = 10;

/**
 * Resolves to the first value of `look` that is not undefined or false.
 * @param what for the message if it never happens
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = patienceMs,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
  }
}

/** Checks for a while that something stays true: for events that must not happen. */
export async function stays(
  what: string,
  holds: () => boolean | Promise<boolean>,
  forMs: number,
): Promise<void> {
  const deadline = performance.now() + forMs;
  while (performance.now() < deadline) {
    if (!(await holds())) throw new Error(`did not stay so: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
  }
}
