// If a connection was lost without a known reason, checks before the reconnect whether another process has taken our client id.
// Only MQTT 5 can report that, and Mosquitto 2.0.11 does not report it for a clean session. Without the check, two processes would
// throw each other out forever.
import type { Timer } from '../clock.ts';
import { openPresenceReader } from './presence-reader.ts';
import type { Instance, PresenceReaderOptions } from './presence-reader.ts';
import type { CloseReason } from './wire.ts';

type TakeoverProbeOptions = Omit<
  PresenceReaderOptions,
  'onAvailability' | 'onInfo' | 'onSubscribed' | 'onClose'
> & {
  readonly isOurs: (instance: string) => boolean;
  /** Another process that is online under our id, if any. */
  readonly onAnswer: (other: Instance | undefined) => void;
  /** The check failed. */
  readonly onFailed: (reason: CloseReason) => void;
};

/**
 * In milliseconds. A retained message follows the answer to the subscription at once, but a broker that collects small packets
 * (Mosquitto) or a slow network may delay it. The full time passes only after a restart of the broker, when nothing is retained.
 */
const retainedWithinMs = 1_000;

export interface TakeoverProbe {
  /** Ends the check without an answer. Resolves when its connection is closed. Can also be called after the check has ended. */
  stop(): Promise<void>;
}

export function probeTakeover(options: TakeoverProbeOptions): TakeoverProbe {
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
    reader.end();
    options.onAnswer(online && info !== undefined && !isOurs(info.instance) ? info : undefined);
  };
  const consider = () => {
    // `offline` may be our own last will, which the other process is about to correct.
    if (info !== undefined && (online || isOurs(info.instance))) answer();
  };

  const reader = openPresenceReader({
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
      reader.end();
      await gone;
    },
  };
}
