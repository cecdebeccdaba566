// A relay that speaks TLS in front of a server that does not, like a gateway in front of Argo CD.
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
  /** how many clients have refused the certificate */
  refusals(): number;
  /** Presents another certificate, and closes all earlier connections. */
  change(identity: Identity): void;
}

/** @param targetUrl URL of the server behind the relay */
export async function tlsRelay(targetUrl: string, identity: Identity): Promise<TlsRelay> {
  const { hostname, port } = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer(identity, (secured) => {
    const onward = connect(Number(port), hostname);
    track(secured);
    track(onward);
    secured.on('close', () => onward.destroy());
    onward.on('close', () => secured.destroy());
    secured.pipe(onward).pipe(secured);
  });
  // Some tests want a client that does not trust this certificate.
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
