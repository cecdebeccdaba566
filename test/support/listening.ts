// Servers of a test on free ports of this machine.
import type { Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * Listens on a free port of 127.0.0.1. The caller closes the server.
 * @returns the port
 */
export async function listenOnFreePort(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not a TCP server');
  return address.port;
}

/**
 * Listens on a free port until the test ends, then closes the server and all its connections.
 * @returns the port
 */
export async function listenForTest(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // A client may break off its connection.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return listenOnFreePort(server);
}
