// A second connection without a will, under another client id. It only reads which process is online under our fixed id.
import type { Filter } from '../../messages/channel.ts';
import type { Availability } from '../../messages/presence.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { LinkOptions, Presence } from './options.ts';
import { credentials } from './options.ts';
import { createRouter } from './router.ts';
import type { CloseReason, ProtocolVersion } from './wire.ts';

/** The `info` of a process. */
export interface Instance {
  readonly host: string;
  readonly instance: string;
}

export interface PresenceReaderOptions extends LinkOptions {
  readonly presence: Presence;
  readonly random: () => number;
  readonly version: ProtocolVersion;
  /** Undefined: nothing is retained, or it cannot be read. */
  readonly onAvailability: (value: Availability | undefined) => void;
  readonly onInfo: (value: Instance | undefined) => void;
  /** The broker has granted the subscriptions. Retained messages follow. */
  readonly onSubscribed: () => void;
  readonly onClose: (reason: CloseReason) => void;
}

export function openPresenceReader(options: PresenceReaderOptions): Connection {
  const { presence, random } = options;
  const router = createRouter(options.prefix, options.log);
  const listen = <M>(filter: Filter<M, unknown>, handler: (message: M | undefined) => void) => {
    router.add(filter, (decoded) => handler(decoded?.ok === true ? decoded.value : undefined), {});
  };
  listen(presence.availabilityFilter, options.onAvailability);
  listen(presence.infoFilter, options.onInfo);
  const connection = openConnection({
    url: new URL(options.url),
    clientId: `${options.clientId}-standby-${Math.floor(random() * 0xffff_ffff).toString(16)}`,
    version: options.version,
    keepAliveSeconds: options.keepAliveSeconds,
    clock: options.clock,
    log: options.log,
    ...credentials(options),
    onOpen: () => void connection.subscribe(router.filters()).then(options.onSubscribed),
    onMessage: (packet) => router.dispatch(packet),
    onClose: options.onClose,
  });
  return connection;
}
