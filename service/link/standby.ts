// Thrown out by a second process under our client id: do not fight. Watch under another id, without a will,
// say who the other is, and come back when it is gone.
import type { Filter } from '../../messages/channel.ts';
import type { Availability } from '../../messages/presence.ts';
import type { Timer } from '../clock.ts';
import { backoffMs } from './backoff.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { LinkOptions, Presence } from './link.ts';
import { createRouter } from './router.ts';

export interface StandbyOptions extends LinkOptions {
  readonly presence: Presence;
  readonly random: () => number;
  readonly onTakeOver: () => void;
  readonly onSeen: (message: string) => void;
}

export interface Standby {
  start(): void;
  stop(): void;
}

/**
 * `offline` must hold this long before we come back: our own last will says `offline` too when we are thrown out,
 * and the other side puts that right at once. With the jitter below 10 s in all.
 */
const offlineForMs = 3_000;
const offlineJitterMs = 4_000;

export function createStandby(options: StandbyOptions): Standby {
  const { presence, prefix, clock, log, random } = options;
  let connection: Connection | undefined;
  let timer: Timer | undefined;
  let takeOver: Timer | undefined;
  let active = false;
  let failures = 0;
  let named = '';

  const end = () => {
    active = false;
    timer?.cancel();
    takeOver?.cancel();
    takeOver = undefined;
    connection?.end();
    connection = undefined;
  };

  const onAvailability = (value: Availability | undefined) => {
    if (!active) return;
    if (value === 'online') {
      takeOver?.cancel();
      takeOver = undefined;
      return;
    }
    takeOver ??= clock.setTimeout(
      () => {
        log.warn(`${options.clientId} has gone offline: taking over`);
        end();
        options.onTakeOver();
      },
      offlineForMs + random() * offlineJitterMs,
    );
  };

  const onInfo = (other: { readonly host: string; readonly instance: string } | undefined) => {
    if (!active || other === undefined || other.instance === named) return;
    named = other.instance;
    const message = `standing by: ${options.clientId} is connected from ${other.host} (instance ${other.instance}); give one of the two another id, or stop one`;
    log.error(message);
    options.onSeen(message);
  };

  const connect = () => {
    const router = createRouter(prefix, log);
    const listen = <M>(filter: Filter<M, unknown>, handler: (message: M | undefined) => void) => {
      router.add(
        filter,
        (decoded) => {
          if (decoded === undefined) handler(undefined);
          else if (decoded.ok) handler(decoded.value);
        },
        {},
      );
    };
    listen(presence.availabilityFilter, onAvailability);
    listen(presence.infoFilter, onInfo);
    const opened = openConnection({
      url: new URL(options.url),
      clientId: `${options.clientId}-standby-${Math.floor(random() * 0xffff_ffff).toString(16)}`,
      // Only MQTT 5 tells that a session was taken over.
      version: 5,
      keepAliveSeconds: options.keepAliveSeconds,
      clock,
      ...(options.username === undefined ? {} : { username: options.username }),
      ...(options.password === undefined ? {} : { password: options.password }),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      onOpen: () => {
        failures = 0;
        opened.subscribe(router.filters()).catch((error: unknown) => {
          log.error({ err: error }, 'the subscriptions of the stand-by failed');
        });
      },
      onMessage: (packet) => router.dispatch(packet),
      onClose: () => {
        connection = undefined;
        if (!active) return;
        takeOver?.cancel();
        takeOver = undefined;
        failures += 1;
        timer = clock.setTimeout(connect, backoffMs(failures, options.reconnect, random()));
      },
    });
    connection = opened;
  };

  return {
    start: () => {
      active = true;
      named = '';
      connect();
    },
    stop: end,
  };
}
