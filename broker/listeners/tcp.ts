// MQTT over plain TCP.
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { listen } from '../../service/listen.ts';
import type { Listener } from './listener.ts';

export interface TcpOptions {
  readonly host: string;
  /** 0: any free port */
  readonly port: number;
  /** Size of the read buffer and of the write buffer of a connection, in bytes. */
  readonly socketBufferBytes: number;
  /** Called with errors of the open listener, for example when no file descriptor is left. */
  readonly onError: (error: Error) => void;
}

/** TCP detects a half-open connection without MQTT keep-alive after about this long, in milliseconds. */
const tcpKeepAliveMs = 60_000;

export function createTcpListener(options: TcpOptions): Listener {
  const { host, port } = options;
  let server: Server | undefined;

  return {
    open: async (onConnection) => {
      const opened = createServer({
        highWaterMark: options.socketBufferBytes,
        keepAlive: true,
        keepAliveInitialDelay: tcpKeepAliveMs,
        // A press is one small packet. It must not wait for the acknowledgement of the previous packet.
        noDelay: true,
      });
      opened.on('connection', onConnection);
      const url = await listen(opened, {
        host,
        port,
        scheme: 'mqtt',
        what: 'the MQTT broker',
        key: 'broker.port',
        inUse: 'To use the broker that runs there, set mqtt.url (--mqtt-url) to it',
      });
      opened.on('error', options.onError);
      server = opened;
      // Not parsed from the URL, because an address with a zone (`fe80::1%eth0`) gives no valid URL.
      const bound = opened.address();
      return { url, port: bound !== null && typeof bound === 'object' ? bound.port : port };
    },
    close: async () => {
      const closing = server;
      server = undefined;
      if (closing?.listening !== true) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
      });
    },
  };
}
