// A relay to a real broker that refuses MQTT 5, as an old broker does. The brokers of our tests cannot be configured so.
import { connect, createServer, type Socket } from 'node:net';
import { listenOnFreePort } from './listening.ts';

/** CONNACK of MQTT 3.1.1 with return code 1, "unacceptable protocol version" (MQTT 3.1.1, 3.2.2.3). */
const unacceptableVersion = Buffer.from([0x20, 0x02, 0x00, 0x01]);

export interface Relay {
  readonly url: string;
  /** protocol versions that clients asked for, in order */
  readonly versions: readonly number[];
  stop(): Promise<void>;
}

export async function only311(brokerUrl: string): Promise<Relay> {
  const { hostname, port } = new URL(brokerUrl);
  const sockets = new Set<Socket>();
  const versions: number[] = [];
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    client.once('data', (first: Buffer) => {
      // Fixed header, remaining length (one byte for our short CONNECTs or two), then "MQTT" and the version.
      const version = first[first.indexOf('MQTT') + 4] ?? 0;
      versions.push(version);
      if (version !== 4) {
        client.end(unacceptableVersion);
        return;
      }
      const broker = connect({ host: hostname, port: Number(port) });
      track(broker);
      broker.write(first);
      client.pipe(broker);
      broker.pipe(client);
      client.on('close', () => broker.destroy());
      broker.on('close', () => client.destroy());
    });
  });
  return {
    url: `mqtt://127.0.0.1:${await listenOnFreePort(server)}`,
    versions,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
