// TLS in front of a server without it, like a gateway in front of Argo CD.
import { connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { listenForTest } from './listening.ts';

interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface TlsRelay {
  readonly url: string;
  /** clients that have refused the certificate */
  refusals(): number;
  /** Presents another certificate, and closes all earlier connections. */
  change(identity: Identity): void;
}

/** @param to URL of the server behind it */
export async function tlsRelay(to: string, identity: Identity): Promise<TlsRelay> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer(identity, (secured) => {
    const onward = connect(Number(port), hostname);
    hold(secured);
    hold(onward);
    secured.on('close', () => onward.destroy());
    onward.on('close', () => secured.destroy());
    secured.pipe(onward).pipe(secured);
  });
  // A client that does not trust us: some tests want that.
  let refusals = 0;
  server.on('tlsClientError', () => {
    refusals += 1;
  });
  const url = `https://127.0.0.1:${await listenForTest(server)}`;
  onTestFinished(cut);
  return {
    url,
    refusals: () => refusals,
    change: (next) => {
      server.setSecureContext(next);
      cut();
    },
  };
}
