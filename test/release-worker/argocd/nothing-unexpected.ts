// Fails a test in which something was thrown or rejected that nobody has handled, or about which Node warns.
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

const events = ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning'] as const;

/** To be called once in a test file. */
export function nothingUnexpected(): void {
  const unexpected: unknown[] = [];
  const note = (what: unknown) => unexpected.push(what);

  beforeAll(() => {
    for (const event of events) process.on(event, note);
  });
  afterAll(() => {
    for (const event of events) process.off(event, note);
  });
  afterEach(async () => {
    // Rejections are reported a turn after nobody has handled them.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(unexpected).toEqual([]);
  });
}
