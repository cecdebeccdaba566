// A forward proxy as companies use them: CONNECT for https, requests with whole URLs for http. It connects to this machine,
// whatever host was requested.
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenForTest } from '../../support/listening.ts';

interface Seen {
  readonly method: string;
  /** host and port, or the whole URL */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface ForwardProxy {
  readonly url: URL;
  readonly seen: readonly Seen[];
  readonly server: Server;
  connections(): number;
}

export interface ForwardProxyOptions {
  /** the port that all requests are sent to */
  readonly to: string;
  /** the status that it answers to CONNECT instead of connecting; 0: no answer */
  readonly refuse?: number;
  /** `user:password` */
  readonly login?: string;
}

export async function forwardProxy({ to, refuse, login }: ForwardProxyOptions): Promise<ForwardProxy> {
  const { port } = new URL(to);
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const note = ({ method = '', url = '', headers }: IncomingMessage) =>
    seen.push({ method, target: url, headers });

  const server = createServer((incoming, response) => {
    note(incoming);
    const { url = '', method, headers } = incoming;
    if (wanted !== undefined && headers['proxy-authorization'] !== wanted) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end('login wanted');
      return;
    }
    if (!URL.canParse(url)) {
      response.writeHead(400).end('not asked as a proxy');
      return;
    }
    const { pathname, search } = new URL(url);
    const onward = request(
      { host: '127.0.0.1', port, method, path: `${pathname}${search}`, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.writeHead(502).end());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming: IncomingMessage, client: Socket) => {
    note(incoming);
    client.on('error', () => {});
    const status = wanted !== undefined && incoming.headers['proxy-authorization'] !== wanted ? 407 : refuse;
    if (status === 0) {
      // Needed to notice that the connection has closed.
      client.on('end', () => client.end()).resume();
      return;
    }
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`);
      return;
    }
    const onward = connect(Number(port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    onward.on('error', () => client.destroy());
    client.on('close', () => onward.destroy());
    onward.on('close', () => client.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    url: new URL(`http://127.0.0.1:${await listenForTest(server)}`),
    seen,
    server,
    connections: () => sockets.size,
  };
}
