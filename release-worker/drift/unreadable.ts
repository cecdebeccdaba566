// Unreadable events of the stream. Each may have reported a change, so a list must follow soon. A server may send garbage
// without end, which must neither fill the log nor make the worker ask without a pause.
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';

export interface Unreadable {
  event(why: string): void;
  stop(): void;
}

/** They are logged at most this often. In milliseconds. */
const tellEveryMs = 60_000;

export function createUnreadable(options: {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** The shortest time between two lists, in milliseconds */
  readonly lookEveryMs: number;
  readonly look: () => void;
}): Unreadable {
  const { clock, log, lookEveryMs, look } = options;
  let toldAt = -Infinity;
  let untold = 0;
  let lookedAt = -Infinity;
  let timer: Timer | undefined;

  return {
    event: (why) => {
      const now = clock.monotonic();
      timer ??= clock.setTimeout(
        () => {
          timer = undefined;
          lookedAt = clock.monotonic();
          look();
        },
        Math.max(0, lookedAt + lookEveryMs - now),
      );
      if (now - toldAt < tellEveryMs) {
        untold += 1;
        return;
      }
      const others = untold === 0 ? '' : `, and ${untold} others before it`;
      log.warn(
        `an event of Argo CD's stream could not be read: ${why}${others}. A list tells what it did not`,
      );
      toldAt = now;
      untold = 0;
    },
    stop: () => timer?.cancel(),
  };
}
