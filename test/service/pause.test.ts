// After a pause, a process does not know how old the messages are that it reads.
import { expect, test } from 'vitest';
import type { Clock } from '../../service/clock.ts';
import { createPauseWatch } from '../../service/pause.ts';
import { createFakeClock } from '../support/fake-clock.ts';

test('a process seems paused for a while after a pause, and never while it runs', () => {
  let now = 0;
  let due: (() => void) | undefined;
  const clock: Clock = {
    ...createFakeClock(),
    now: () => now,
    monotonic: () => now,
    setTimeout: (fn) => {
      due = fn;
      return { cancel: () => (due = undefined) };
    },
  };
  const pause = createPauseWatch({ clock, thresholdMs: 10_000 });
  pause.start();
  for (let second = 0; second < 60; second += 1) {
    now += 1_000;
    due?.();
    expect(pause.heldMs()).toBe(0);
  }
  now += 43_000;
  expect(pause.heldMs()).toBe(43_000);
  const atItsEnd = now;
  due?.();
  now += 1_999;
  expect(pause.heldMs()).toBe(43_000);
  expect(pause.heldMs(atItsEnd - 1)).toBe(43_000);
  expect(pause.heldMs(atItsEnd)).toBe(0);
  now += 1;
  expect(pause.heldMs()).toBe(0);
  expect(pause.heldSince(atItsEnd - 1)).toBe(43_000);
  expect(pause.heldSince(atItsEnd)).toBe(0);
  pause.stop();
  expect(due).toBeUndefined();
});
