// A port that is free, for a test that must know it before its listener exists.
import { createServer } from 'node:net';

/**
 * Finds a port below those that the system gives to outgoing connections (from 32768 on Linux). Such a connection could
 * take the port before the listener does.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, host, () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
