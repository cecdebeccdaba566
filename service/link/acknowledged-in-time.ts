// Tells whether the broker acknowledges an event within a given time.
import type { Clock } from '../clock.ts';

/** Resolves to false when the time is over, or at once if sending fails. The event is then kept and sent later. */
export function acknowledgedInTime(options: {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Keeps the event until the broker has acknowledged it, on this connection or a later one. */
  readonly keep: (onAcknowledged: () => void) => void;
  /** Undefined: the event must wait */
  readonly send: (() => Promise<boolean>) | undefined;
  /** Called when the acknowledgement arrives after `false` */
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
