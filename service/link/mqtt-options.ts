// Translates our messages and options into those of the MQTT library.
import type { IClientOptions, IClientPublishOptions, IPublishPacket } from 'mqtt';
import type { IncomingPacket, Outgoing, ProtocolVersion } from './wire.ts';

/** The largest incoming packet, in bytes. An MQTT 5 broker learns this limit, and sends no larger packets. */
export const maximumPacketSize = 1_048_576;

/** In milliseconds, and longer than any deadline of our connection, which measures the time for opening itself. */
const neverMs = 120_000;

export interface ClientSettings {
  readonly clientId: string;
  readonly version: ProtocolVersion;
  readonly keepAliveSeconds: number;
  readonly username?: string;
  readonly password?: string;
  readonly will?: Outgoing;
}

export function clientOptions(options: ClientSettings): IClientOptions {
  const { version, will } = options;
  return {
    clientId: options.clientId,
    protocolVersion: version,
    clean: true,
    keepalive: options.keepAliveSeconds,
    connectTimeout: neverMs,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    // The table of all 65,536 message ids costs 6 MB, only to save one allocation for each packet.
    writeCache: false,
    // The debug output of the library contains whole packets, including the password.
    log: () => {},
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(version === 5 ? { properties: { maximumPacketSize } } : {}),
    ...(will === undefined
      ? {}
      : {
          will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos, retain: will.retain },
        }),
  };
}

export function publishOptions(message: Outgoing, version: ProtocolVersion): IClientPublishOptions {
  return {
    qos: message.qos,
    retain: message.retain,
    ...(version === 5 ? { properties: propertiesOf(message) } : {}),
  };
}

function propertiesOf({
  expirySeconds,
  correlationData,
}: Outgoing): NonNullable<IClientPublishOptions['properties']> {
  return {
    ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
}

export function replyOf(packet: IPublishPacket): Pick<IncomingPacket, 'responseTopic' | 'correlationData'> {
  const { responseTopic, correlationData } = packet.properties ?? {};
  return {
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
}
