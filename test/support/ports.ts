// A port that nothing listens on, for a test that needs to know it before its listener is there.
import { createServer } from 'node:net';

/**
 * Below the ports that the system gives to outgoing connections (32768 on Linux): one of those could take the port while
 * nothing listens there.
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
