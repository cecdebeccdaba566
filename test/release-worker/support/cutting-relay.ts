// A relay to a broker that cuts a connection when a test says so, and may keep the client away afterwards.
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listenForTest } from '../../support/listening.ts';

export interface CuttingRelay {
  readonly url: string;
  readonly connections: () => number;
  /** Lets clients connect again. */
  readonly open: () => void;
}

/**
 * @param isToBeCut decides by a client's packet: the connection is cut instead of passing the packet on
 * @param isLast decides by a packet of the broker: it is passed on as the last one, and no client can connect until `open`
 */
export async function cuttingRelay(
  brokerUrl: string,
  isToBeCut: (data: Buffer, connection: number) => boolean,
  isLast: (data: Buffer) => boolean = () => false,
): Promise<CuttingRelay> {
  const { hostname, port } = new URL(brokerUrl);
  const sockets = new Set<Socket>();
  let connections = 0;
  let isClosed = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    if (isClosed) {
      client.destroy();
      return;
    }
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
    broker.on('data', (data: Buffer) => {
      client.write(data);
      if (!isLast(data)) return;
      isClosed = true;
      // The client receives everything before this end.
      client.end();
      broker.destroy();
    });
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroySoon());
  });
  const listening = await listenForTest(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `mqtt://127.0.0.1:${listening}`,
    connections: () => connections,
    open: () => {
      isClosed = false;
    },
  };
}
