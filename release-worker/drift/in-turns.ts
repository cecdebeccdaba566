// Processes keys: a few at once, and thousands in portions, so that other work gets the event loop in between.
import type { Clock, Timer } from '../../service/clock.ts';

export interface InTurns {
  /**
   * Handles the keys of one change now, in order. If there are more, it handles the rest in later turns.
   * @param keys are read until then, and not copied
   */
  add(keys: Iterable<string>): void;
  /** Handles this key now if it may still be waiting. */
  hurry(key: string): void;
  readonly waiting: boolean;
  stop(): void;
}

/** Takes a few milliseconds. */
const inATurn = 500;

export function createInTurns(options: {
  readonly clock: Clock;
  /** Must be harmless if it is called twice for one key. */
  readonly handle: (key: string) => void;
  /** The last waiting key has been handled. */
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
