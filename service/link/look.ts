// Before coming back after a connection that was lost without a word: look whether somebody else has taken our id.
// Only MQTT 5 has a word for that, and Mosquitto 2.0.11 does not say it where the session was a clean one. Coming back
// without a look would throw the other out, and the other us, without end.
import type { Timer } from '../clock.ts';
import { openWatch } from './watch.ts';
import type { Instance, WatchOptions } from './watch.ts';
import type { CloseReason } from './wire.ts';

type LookOptions = Omit<WatchOptions, 'onAvailability' | 'onInfo' | 'onSubscribed' | 'onClose'> & {
  readonly isOurs: (instance: string) => boolean;
  /** Who is online under our id, if anybody. */
  readonly onAnswer: (other: Instance | undefined) => void;
  /** The look did not come about. */
  readonly onFailed: (reason: CloseReason) => void;
};

/**
 * What is retained comes right behind the answer to the subscription; a broker that collects small packets (Mosquitto)
 * and a slow network may part the two. Waited for in full only where a restarted broker has retained nothing.
 */
const retainedWithinMs = 1_000;

export interface Look {
  /** Ends it without an answer; resolves when its connection is gone. Nothing to end is fine too. */
  stop(): Promise<void>;
}

export function look(options: LookOptions): Look {
  const { clock, isOurs } = options;
  let online = false;
  let info: Instance | undefined;
  let answered = false;
  let patience: Timer | undefined;
  let leave = () => {};
  const gone = new Promise<void>((resolve) => {
    leave = resolve;
  });

  const answer = () => {
    if (answered) return;
    answered = true;
    patience?.cancel();
    watch.end();
    options.onAnswer(online && info !== undefined && !isOurs(info.instance) ? info : undefined);
  };
  const consider = () => {
    // Another's info with `offline` may still be our own last will, which the other is just putting right.
    if (info !== undefined && (online || isOurs(info.instance))) answer();
  };

  const watch = openWatch({
    ...options,
    onAvailability: (value) => {
      online = value === 'online';
      consider();
    },
    onInfo: (value) => {
      info = value;
      consider();
    },
    onSubscribed: () => {
      if (!answered) patience = clock.setTimeout(answer, retainedWithinMs);
    },
    onClose: (reason) => {
      patience?.cancel();
      leave();
      if (!answered) options.onFailed(reason);
      answered = true;
    },
  });

  return {
    stop: async () => {
      answered = true;
      patience?.cancel();
      watch.end();
      await gone;
    },
  };
}
