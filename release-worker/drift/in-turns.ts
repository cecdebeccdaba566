// Works through keys: a few at once, and thousands some at a time, so that others get the event loop in between.
import type { Clock, Timer } from '../../service/clock.ts';

export interface InTurns {
  /**
   * Those of one change are handled now, in their order; where there are more, the others in the next turns.
   * @param keys are read until then, and not copied
   */
  add(keys: Iterable<string>): void;
  /** Handles this one now if it may still be waiting. */
  hurry(key: string): void;
  readonly waiting: boolean;
  stop(): void;
}

/** A few milliseconds' work. */
const inATurn = 500;

export function createInTurns(options: {
  readonly clock: Clock;
  /** Called twice for one key, it does no harm. */
  readonly handle: (key: string) => void;
  /** Nothing waits any more, after something has waited. */
  readonly onDone?: () => void;
}): InTurns {
  const { clock, handle } = options;
  const waiting: Iterator<string>[] = [];
  let timer: Timer | undefined;

  const work = () => {
    let left = inATurn;
    for (let [keys] = waiting; keys !== undefined; [keys] = waiting) {
      for (let next = keys.next(); next.done !== true; next = keys.next()) {
        handle(next.value);
        left -= 1;
        if (left > 0) continue;
        timer = clock.setTimeout(goOn, 0);
        return;
      }
      waiting.shift();
    }
  };
  const goOn = () => {
    timer = undefined;
    work();
    if (waiting.length === 0) options.onDone?.();
  };

  return {
    add: (keys) => {
      waiting.push(keys[Symbol.iterator]());
      if (timer === undefined) work();
    },
    hurry: (key) => {
      if (waiting.length > 0) handle(key);
    },
    get waiting() {
      return waiting.length > 0;
    },
    stop: () => {
      timer?.cancel();
      timer = undefined;
      waiting.length = 0;
    },
  };
}
