// Whether the broker acknowledges an event in a given time.
import type { Clock } from '../clock.ts';

/** Resolves to false when the time is over, or at once where sending has failed: the event is kept, and sent later. */
export function acknowledgedInTime(options: {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Keeps the event until the broker has acknowledged it, on whichever connection. */
  readonly keep: (onAcknowledged: () => void) => void;
  /** undefined: it must wait */
  readonly send: (() => Promise<boolean>) | undefined;
  /** told when the acknowledgement comes after `false` was answered */
  readonly onLate: (() => void) | undefined;
}): Promise<boolean> {
  return new Promise((resolve) => {
    let late = false;
    const giveUp = () => {
      late = true;
      waiting.cancel();
      resolve(false);
    };
    const waiting = options.clock.setTimeout(giveUp, options.timeoutMs);
    options.keep(() => {
      waiting.cancel();
      if (late) options.onLate?.();
      resolve(true);
    });
    void options.send?.().then((acknowledged) => {
      if (!acknowledged) giveUp();
    });
  });
}
