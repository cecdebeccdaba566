// Lets work proceed in tests with their own clock.
import type { FakeClock } from '../../support/fake-clock.ts';

/** Runs everything that needs no more time: promises, and what follows from them. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
}

/** Advances the clock by so many milliseconds in small steps, so that a timer's effects can set the next timer. */
export async function passTime(clock: FakeClock, ms: number, stepMs = 500): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await settle();
  }
}
