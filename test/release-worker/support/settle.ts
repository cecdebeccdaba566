// Lets tests with a clock of their own go on.
import type { FakeClock } from '../../support/fake-clock.ts';

/** Lets everything run that needs no more time: promises, and what they lead to. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
}

/** Lets so many milliseconds pass, a step at a time, so that what a timer leads to can set the next one. */
export async function passTime(clock: FakeClock, ms: number, stepMs = 500): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await settle();
  }
}
