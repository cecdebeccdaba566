// One connection to the broker: one socket and one MQTT client object, used once and thrown away.
// No client object outlives its connection, so nothing of it can be sent again by a later one.
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MqttClient } from 'mqtt';
import type { IClientOptions, IClientPublishOptions, IPublishPacket } from 'mqtt';
import type { Clock } from '../clock.ts';
import { messageOf } from '../log.ts';

export type ProtocolVersion = 4 | 5;

export interface ConnectionOptions {
  readonly url: URL;
  readonly clientId: string;
  readonly version: ProtocolVersion;
  readonly keepAliveSeconds: number;
  readonly username?: string;
  readonly password?: string;
  /** PEM certificates to trust beside nothing else */
  readonly ca?: string;
  readonly will?: Outgoing;
  readonly clock: Clock;
  readonly onOpen: () => void;
  readonly onMessage: (message: IncomingPacket) => void;
  /** Called exactly once, whatever ends the connection. */
  readonly onClose: (reason: CloseReason) => void;
}

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly expirySeconds?: number;
}

export interface IncomingPacket {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly version: ProtocolVersion;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export interface CloseReason {
  /** the broker's refusal of the connection, as 3.1.1 return code or MQTT 5 reason code */
  readonly connack?: number;
  /** the reason code of the broker's DISCONNECT (MQTT 5) */
  readonly disconnect?: number;
  readonly error?: string;
  /** whether the transport (TCP, TLS) was up */
  readonly transport: boolean;
  /** whether the broker had accepted the connection */
  readonly accepted: boolean;
}

export type SubscribeOptions = { readonly noLocal?: boolean; readonly retainAsPublished?: boolean };
export type Acknowledgement = 'acknowledged' | 'refused' | 'timed-out' | 'not-connected';

export interface Connection {
  readonly version: ProtocolVersion;
  /** Resolves to the filters that the broker refused. */
  subscribe(filters: ReadonlyMap<string, SubscribeOptions>): Promise<readonly string[]>;
  publish(message: Outgoing, timeoutMs: number): Promise<Acknowledgement>;
  /** An orderly DISCONNECT; within a second the socket is gone either way. */
  end(): void;
  /** Cuts the connection and drops what the operating system has not yet sent. */
  reset(): void;
}

/** Bytes of one inbound packet at most; a broker of MQTT 5 is told, so it sends no larger ones. */
const maximumPacketSize = 1_048_576;
const connectTimeoutMs = 10_000;
const endTimeoutMs = 1_000;
const defaultPorts: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

export function openConnection(options: ConnectionOptions): Connection {
  const { url, version, clock } = options;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (defaultPorts[url.protocol] ?? 1883) : Number(url.port);

  let transport = false;
  let accepted = false;
  let closed = false;
  let connack: number | undefined;
  let disconnect: number | undefined;
  let error: string | undefined;

  const socket: Socket =
    url.protocol === 'mqtts:'
      ? connectTls({ host, port, servername: host, ...(options.ca === undefined ? {} : { ca: options.ca }) })
      : connectTcp({ host, port });
  socket.setNoDelay(true);
  socket.once(url.protocol === 'mqtts:' ? 'secureConnect' : 'connect', () => {
    transport = true;
  });

  const client = new MqttClient(() => socket, clientOptions(options));

  const close = () => {
    if (closed) return;
    closed = true;
    socket.destroy();
    client.end(true);
    options.onClose({
      transport,
      accepted,
      ...(connack === undefined ? {} : { connack }),
      ...(disconnect === undefined ? {} : { disconnect }),
      ...(error === undefined ? {} : { error }),
    });
  };

  client.on('connect', () => {
    accepted = true;
    options.onOpen();
  });
  client.on('disconnect', (packet) => {
    disconnect = packet.reasonCode;
  });
  client.on('error', (cause) => {
    const code: unknown = 'code' in cause ? cause.code : undefined;
    if (!accepted && transport && typeof code === 'number') connack = code;
    error ??= messageOf(cause);
    // What the broker sends after an error of the protocol is not to be trusted any more.
    socket.destroy();
  });
  client.on('close', close);
  client.on('message', (topic, payload, packet) => {
    if (closed) return;
    options.onMessage({ topic, payload, retain: packet.retain, version, ...replyOf(packet) });
  });

  return {
    version,
    subscribe: async (filters) => {
      if (filters.size === 0) return [];
      const wanted = Object.fromEntries(
        [...filters].map(([filter, { noLocal = false, retainAsPublished = false }]) => [
          filter,
          { qos: 1 as const, nl: noLocal, rap: retainAsPublished, rh: 0 },
        ]),
      );
      try {
        const granted = await client.subscribeAsync(wanted);
        return granted.filter((grant) => grant.qos >= 128).map((grant) => grant.topic);
      } catch (cause) {
        if (closed) return [];
        throw cause;
      }
    },
    publish: (message, timeoutMs) =>
      new Promise((resolve) => {
        if (closed || !accepted) {
          resolve('not-connected');
          return;
        }
        const timer = clock.setTimeout(() => resolve('timed-out'), timeoutMs);
        client.publish(message.topic, message.payload, publishOptions(message, version), (cause) => {
          timer.cancel();
          resolve(
            cause === undefined || cause === null ? 'acknowledged' : closed ? 'not-connected' : 'refused',
          );
        });
      }),
    end: () => {
      client.end(false, {}, () => close());
      const timer = setTimeout(close, endTimeoutMs);
      timer.unref();
    },
    reset: () => {
      // RST instead of FIN: what is still in the send buffer must not arrive minutes later.
      socket.resetAndDestroy();
    },
  };
}

function clientOptions(options: ConnectionOptions): IClientOptions {
  const { version, will } = options;
  return {
    clientId: options.clientId,
    protocolVersion: version,
    clean: true,
    keepalive: options.keepAliveSeconds,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
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

function publishOptions(message: Outgoing, version: ProtocolVersion): IClientPublishOptions {
  return {
    qos: message.qos,
    retain: message.retain,
    ...(version === 5 && message.expirySeconds !== undefined
      ? { properties: { messageExpiryInterval: message.expirySeconds } }
      : {}),
  };
}

function replyOf(packet: IPublishPacket): Pick<IncomingPacket, 'responseTopic' | 'correlationData'> {
  const { responseTopic, correlationData } = packet.properties ?? {};
  return {
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
}
