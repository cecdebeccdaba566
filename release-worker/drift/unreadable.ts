// Unreadable events of the stream. Each may have reported a change, so a list must follow soon. A server may send garbage
// without end, which must neither fill the log nor make the worker ask without a pause.
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';

export interface Unreadable {
  event(why: string): void;
  stop(): void;
}

/** Unreadable events are logged at most this often. In milliseconds. */
const logEveryMs = 60_000;

export function createUnreadable(options: {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** The shortest time between two lists, in milliseconds */
  readonly lookEveryMs: number;
  readonly look: () => void;
}): Unreadable {
  const { clock, log, lookEveryMs, look } = options;
  let loggedAt = -Infinity;
  let unlogged = 0;
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
      if (now - loggedAt < logEveryMs) {
        unlogged += 1;
        return;
      }
      const others = unlogged === 0 ? '' : ` (and ${unlogged} others before it)`;
      log.warn(
        `an event of Argo CD's stream could not be read: ${why}${others}. The worker asks for a full list instead`,
      );
      loggedAt = now;
      unlogged = 0;
    },
    stop: () => timer?.cancel(),
  };
}
