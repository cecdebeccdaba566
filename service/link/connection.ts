// One connection to the broker: one socket and one MQTT client object, used once. No client object outlives its connection, so
// a later connection never sends any of its messages again.
import type { Socket } from 'node:net';
import type { IConnackPacket, MqttClient } from 'mqtt';
// Only the client: the main module of the package also loads WebSocket and SOCKS, about 2 MB for an agent.
import mqttClient from 'mqtt/lib/client';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../log.ts';
import { messageOf } from '../log.ts';
import type { Acknowledgement } from './in-flight.ts';
import { createInFlight } from './in-flight.ts';
import type { InFlight, Sending } from './in-flight.ts';
import { clientOptions, maximumPacketSize, publishOptions, replyOf } from './mqtt-options.ts';
import type { ClientSettings } from './mqtt-options.ts';
import { createPacketBound } from './packet-bound.ts';
import { openTransport } from './transport.ts';
import type { CloseReason, IncomingPacket, Outgoing, ProtocolVersion } from './wire.ts';

export interface ConnectionOptions extends ClientSettings {
  readonly url: URL;
  /** PEM certificates to trust instead of the well-known authorities */
  readonly ca?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onOpen: () => void;
  readonly onMessage: (message: IncomingPacket) => void;
  /** Called exactly once, whatever ends the connection. */
  readonly onClose: (reason: CloseReason) => void;
}

export type SubscribeOptions = {
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  /** Asks an MQTT 5 broker not to send retained messages. A 3.1.1 broker sends them all the same, marked as retained */
  readonly withoutRetained?: boolean;
};

export interface Connection {
  readonly version: ProtocolVersion;
  /** The largest packet that the broker accepts, in bytes. Undefined: it does not say. */
  readonly packetMax: number | undefined;
  /** Resolves when the broker has answered, or the connection has ended. Refused filters are logged. */
  subscribe(filters: ReadonlyMap<string, SubscribeOptions>): Promise<void>;
  /** Sends a message. If it is not acknowledged in time, the connection is cut, so that nothing arrives later. */
  publish(message: Outgoing, how: Sending): Promise<Acknowledgement>;
  /** Disconnects in order when everything is acknowledged. In any case, the socket closes within a second. */
  end(): void;
  /** Cuts the connection, and discards what the operating system has not sent yet. The broker then publishes the last will. */
  reset(): void;
}

/** Deadline for name resolution, TCP, TLS and CONNACK together. */
const openTimeoutMs = 10_000;
const subscribeTimeoutMs = 10_000;
const endTimeoutMs = 1_000;
/** The most unacknowledged messages. An MQTT 5 broker may ask for fewer (receive maximum; HiveMQ asks for 10). */
const widestWindow = 100;

export function openConnection(options: ConnectionOptions): Connection {
  const { version, clock, log } = options;
  const timers = new Set<Timer>();
  let client: MqttClient | undefined;
  let inFlight: InFlight<Outgoing> | undefined;
  let reached: CloseReason['reached'] = 'nothing';
  let closed = false;
  let disconnect: number | undefined;
  let connack: IConnackPacket | undefined;

  const after = (ms: number, fn: () => void): Timer => {
    const timer = clock.setTimeout(fn, ms);
    timers.add(timer);
    return timer;
  };

  const close = (why: Pick<CloseReason, 'because' | 'error' | 'code'>) => {
    if (closed) return;
    closed = true;
    for (const timer of timers) timer.cancel();
    transport.destroy();
    inFlight?.close();
    client?.end(true);
    const code = connack === undefined ? undefined : (connack.reasonCode ?? connack.returnCode ?? 0);
    options.onClose({
      reached,
      ...why,
      ...(code === undefined || code === 0 ? {} : { connack: code }),
      ...(disconnect === undefined ? {} : { disconnect }),
    });
  };

  const cut = (why: Pick<CloseReason, 'because' | 'error' | 'code'>) => {
    transport.reset();
    close(why);
  };

  const onUp = (stream: Socket) => {
    reached = 'transport';
    const tooLarge = createPacketBound(maximumPacketSize);
    stream.on('data', (chunk: Buffer) => {
      if (tooLarge(chunk)) cut({ because: 'too-large' });
    });
    const opened = new mqttClient.default(() => stream, clientOptions(options));
    client = opened;
    opened.on('packetreceive', (packet) => {
      if (packet.cmd === 'connack') connack ??= packet;
    });
    opened.on('connect', () => {
      if (closed) return;
      reached = 'accepted';
      opening.cancel();
      const { receiveMaximum = widestWindow } = connack?.properties ?? {};
      inFlight = createInFlight({
        clock,
        window: Math.max(1, Math.min(receiveMaximum, widestWindow)),
        write: (message, done) => write(opened, message, done),
        onUnacknowledged: ({ topic }) => cut({ because: 'unacknowledged', error: topic }),
      });
      options.onOpen();
    });
    opened.on('message', (topic, payload, packet) => {
      if (!closed) options.onMessage({ topic, payload, retain: packet.retain, version, ...replyOf(packet) });
    });
    opened.on('disconnect', (packet) => {
      disconnect = packet.reasonCode ?? 0;
      // Brokers close the connection after this packet. If one does not, the client must (MQTT 5.0, 3.14.4).
      close({});
    });
    opened.on('error', (cause) => {
      const error = messageOf(cause);
      const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
      // Errors with a name come from the socket. Errors of the library itself mean that the bytes are not MQTT.
      if (code !== undefined) close({ error, code });
      else if (connack !== undefined && reached !== 'accepted') close({ error });
      else if (error === 'Keepalive timeout') close({ because: 'no-answer', error });
      else close({ because: 'not-mqtt', error });
    });
    opened.on('close', () => close({}));
  };

  const packetMax = () => connack?.properties?.maximumPacketSize;

  const write = (target: MqttClient, message: Outgoing, done: (refused: boolean) => void) => {
    const limit = packetMax();
    const bytes = Buffer.byteLength(message.payload) + Buffer.byteLength(message.topic) + 32;
    if (limit !== undefined && bytes > limit) {
      // Sending this message would end the connection, and each later connection too.
      log.error(
        { topic: message.topic, bytes, limit },
        `a message for ${message.topic} is not sent: it has ${bytes} bytes, and the broker accepts at most ${limit}`,
      );
      done(true);
      return;
    }
    target.publish(message.topic, message.payload, publishOptions(message, version), (cause) => {
      if (closed) return;
      if (cause !== undefined && cause !== null)
        log.warn(
          { topic: message.topic },
          `the broker refused a message for ${message.topic}: ${messageOf(cause)}; do its access rules allow ${options.clientId} to publish there?`,
        );
      done(cause !== undefined && cause !== null);
    });
  };

  const transport = openTransport({
    url: options.url,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    onTcp: () => {
      reached = 'tcp';
    },
    onUp,
    onDown: (error) =>
      close(
        error === undefined
          ? {}
          : { error: error.message, ...(error.code === undefined ? {} : { code: error.code }) },
      ),
  });
  const opening = after(openTimeoutMs, () => close({ because: 'no-answer' }));

  return {
    version,
    get packetMax() {
      return packetMax();
    },
    subscribe: (filters) =>
      new Promise((resolve) => {
        if (closed || client === undefined || filters.size === 0) {
          resolve();
          return;
        }
        const overdue = after(subscribeTimeoutMs, () =>
          cut({ because: 'unacknowledged', error: 'a subscription' }),
        );
        const wanted = Object.fromEntries(
          [...filters].map(
            ([filter, { noLocal = false, retainAsPublished = false, withoutRetained = false }]) => [
              filter,
              { qos: 1 as const, nl: noLocal, rap: retainAsPublished, rh: withoutRetained ? 2 : 0 },
            ],
          ),
        );
        client.subscribe(wanted, (cause, _granted, suback) => {
          overdue.cancel();
          timers.delete(overdue);
          resolve();
          if (closed || cause === null) return;
          // If one filter is refused, the library reports an error and lists the answers in the order of the filters.
          const refused = [...filters.keys()].filter((_, at) => isRefusal(suback?.granted[at]));
          for (const filter of refused)
            log.error(
              { filter },
              `the broker refuses the subscription to ${filter}: do its access rules allow ${options.clientId} to read there?`,
            );
          if (refused.length === 0) log.error({ err: cause }, `subscribing failed: ${messageOf(cause)}`);
        });
      }),
    publish: async (message, how) => inFlight?.send(message, how) ?? 'not-connected',
    end: () => {
      if (closed) return;
      after(endTimeoutMs, () => close({}));
      const leave = () => {
        if (closed) return;
        if (client === undefined) close({});
        else client.end(false, {}, () => close({}));
      };
      if (inFlight === undefined) leave();
      else void inFlight.idle().then(leave);
    },
    reset: () => cut({}),
  };
}

function isRefusal(granted: unknown): boolean {
  return typeof granted === 'number' && granted >= 0x80;
}
