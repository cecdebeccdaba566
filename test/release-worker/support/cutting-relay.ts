// A relay to a broker that cuts a connection when a test says so.
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listenForTest } from '../../support/listening.ts';

/** @param isToBeCut decides by a client's packet: the connection is cut instead of passing the packet on */
export async function cuttingRelay(
  brokerUrl: string,
  isToBeCut: (data: Buffer, connection: number) => boolean,
): Promise<{ readonly url: string; readonly connections: () => number }> {
  const { hostname, port } = new URL(brokerUrl);
  const sockets = new Set<Socket>();
  let connections = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    connections += 1;
    const connection = connections;
    const broker = connect({ host: hostname, port: Number(port) });
    keep(client);
    keep(broker);
    client.on('data', (data: Buffer) => {
      if (isToBeCut(data, connection)) {
        client.resetAndDestroy();
        broker.destroy();
      } else broker.write(data);
    });
    broker.pipe(client);
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
  });
  const listening = await listenForTest(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return { url: `mqtt://127.0.0.1:${listening}`, connections: () => connections };
}
