// What a process does after another process with the same client id has thrown it out. It does not fight. It watches under another
// id without a will, reports the other process, and takes over when that process is gone.
import type { Availability } from '../../messages/presence.ts';
import type { Timer } from '../clock.ts';
import { backoffMs } from '../backoff.ts';
import type { Connection } from './connection.ts';
import type { LinkOptions, Presence } from './options.ts';
import { openPresenceReader } from './presence-reader.ts';
import type { Instance } from './presence-reader.ts';
import { describeClose } from './wording.ts';
import type { CloseReason, ProtocolVersion } from './wire.ts';

export interface StandbyOptions extends LinkOptions {
  readonly presence: Presence;
  readonly random: () => number;
  /** True if the instance is our own: the retained `info` is ours until the other process has published its own. */
  readonly isOurs: (instance: string) => boolean;
  readonly onTakeOver: () => void;
  readonly onSeen: (message: string) => void;
}

export interface Standby {
  /** @param version the MQTT version that the broker is known to speak */
  start(version: ProtocolVersion): void;
  /** Resolves when its connection is closed. */
  stop(): Promise<void>;
}

/**
 * In milliseconds. `offline`, or no availability at all, must last this long before we take over. When we are thrown out, our own
 * last will says `offline` too, and the other process corrects that at once. With the jitter below, this is at most 7 s.
 */
const offlineForMs = 3_000;
const offlineJitterMs = 4_000;

export function createStandby(options: StandbyOptions): Standby {
  const { clock, log, random } = options;
  const url = new URL(options.url);
  let connection: Connection | undefined;
  let timer: Timer | undefined;
  let takeOver: Timer | undefined;
  let active = false;
  let failures = 0;
  let named = '';
  let version: ProtocolVersion = 5;
  let gone: (() => void) | undefined;

  const wait = () => {
    takeOver?.cancel();
    takeOver = undefined;
  };

  const end = () => {
    active = false;
    timer?.cancel();
    wait();
    connection?.end();
  };

  const countDown = () => {
    takeOver ??= clock.setTimeout(
      () => {
        log.warn(`${options.clientId} is no longer online: taking over`);
        end();
        options.onTakeOver();
      },
      offlineForMs + random() * offlineJitterMs,
    );
  };

  const onAvailability = (value: Availability | undefined) => {
    if (!active) return;
    if (value === 'online') wait();
    else countDown();
  };

  const onInfo = (other: Instance | undefined) => {
    if (!active || other === undefined || other.instance === named || options.isOurs(other.instance)) return;
    named = other.instance;
    const message = `standing by: ${options.clientId} is already connected from ${other.host} (instance ${other.instance}); give one of the two processes another id, or stop one of them`;
    log.error(message);
    options.onSeen(message);
  };

  const onClose = (reason: CloseReason) => {
    connection = undefined;
    gone?.();
    if (!active) return;
    wait();
    failures += 1;
    log.warn(`standing by: ${describeClose(reason, url)}`);
    timer = clock.setTimeout(connect, backoffMs(failures, options.reconnect, random()));
  };

  const connect = () => {
    let heard = false;
    connection = openPresenceReader({
      ...options,
      version,
      onAvailability: (value) => {
        heard = true;
        onAvailability(value);
      },
      onInfo,
      onSubscribed: () => {
        failures = 0;
        // Nothing is retained: the broker has lost it, and the other process may be gone too.
        if (!heard) onAvailability(undefined);
      },
      onClose,
    });
  };

  return {
    start: (spoken) => {
      active = true;
      failures = 0;
      named = '';
      version = spoken;
      connect();
    },
    stop: async () => {
      const left =
        connection === undefined
          ? undefined
          : new Promise<void>((resolve) => {
              gone = resolve;
            });
      end();
      await left;
    },
  };
}
