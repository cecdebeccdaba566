// Fails a test if an error or a rejection was not handled, or if Node prints a warning.
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

const events = ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning'] as const;

/** Must be called once in a test file. */
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
    // Node reports unhandled rejections one turn later.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(unexpected).toEqual([]);
  });
}
