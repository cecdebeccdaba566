// The options of a link, and the identity of its process.
import type { Registry } from 'prom-client';
import type { Address, Filter } from '../../messages/channel.ts';
import type { Availability } from '../../messages/presence.ts';
import type { Clock } from '../clock.ts';
import type { Health } from '../health.ts';
import type { Log } from '../log.ts';
import type { BackoffOptions } from '../backoff.ts';

/** What a process with a fixed client id publishes about itself. A command has no fixed id, so it publishes nothing. */
export interface Presence {
  readonly availability: Address<Availability, 'state'>;
  readonly availabilityFilter: Filter<Availability, unknown>;
  /** Read after another process has thrown us out, to find out which process runs under our id */
  readonly infoFilter: Filter<{ readonly host: string; readonly instance: string }, unknown>;
}

export interface LinkOptions {
  /** For health checks and metrics: `agent`, `worker` */
  readonly role: string;
  readonly url: string;
  readonly prefix: string;
  readonly clientId: string;
  readonly presence?: Presence;
  readonly username?: string;
  readonly password?: string;
  /** PEM certificates to trust instead of the well-known authorities */
  readonly ca?: string;
  readonly keepAliveSeconds: number;
  readonly reconnect: BackoffOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly health?: Health;
  readonly metrics?: Registry;
  /** 0 to 1, for the jitter */
  readonly random?: () => number;
}

export interface LinkState {
  readonly state: 'connecting' | 'connected' | 'standby' | 'stopped';
  /** In monotonic milliseconds of the clock */
  readonly since: number;
  /** A sentence for people */
  readonly message: string;
}

export function credentials({
  username,
  password,
  ca,
}: LinkOptions): Pick<LinkOptions, 'username' | 'password' | 'ca'> {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
  };
}
