// Creates the link of a process from the configuration: the client id, the address of the broker and the secrets.
import { readPem } from '../../config/read-pem.ts';
import type { Config } from '../../config/sections.ts';
import type { Context } from '../context.ts';
import { createLink } from './link.ts';
import type { Link, Presence } from './link.ts';

/** The default address if `mqtt.url` is not set: the embedded broker of another process on this machine. */
export const localBrokerUrl = 'mqtt://127.0.0.1:1883';

export interface LinkFromConfig {
  readonly mqtt: Config['mqtt'];
  /** The address of the broker if `mqtt.url` is not set */
  readonly url?: string;
  readonly role: string;
  readonly id: string;
  readonly presence?: Presence;
}

export function linkFromConfig(
  { mqtt, url, role, id, presence }: LinkFromConfig,
  context: Pick<Context, 'clock' | 'log' | 'random'> & Partial<Pick<Context, 'health' | 'metrics'>>,
): Link {
  const { clock, log, random, health, metrics } = context;
  if (mqtt.url === undefined && url === undefined)
    log.info(`mqtt.url is not set: looking for the broker at ${localBrokerUrl}`);
  return createLink({
    role,
    url: mqtt.url ?? url ?? localBrokerUrl,
    prefix: mqtt.topicPrefix,
    clientId: `${mqtt.topicPrefix}-${role}-${id}`,
    keepAliveSeconds: mqtt.keepAliveSeconds,
    reconnect: { minMs: mqtt.reconnectMinMs, maxMs: mqtt.reconnectMaxMs },
    clock,
    log,
    random,
    ...(presence === undefined ? {} : { presence }),
    ...(health === undefined ? {} : { health }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
    ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
    ...(mqtt.caFile === undefined ? {} : { ca: readPem(mqtt.caFile, 'mqtt.caFile') }),
  });
}
