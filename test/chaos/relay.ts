// A relay between the workers and the simulated Argo CD, which loses its memory when it is killed. The relay records
// every POST of a sync from a worker, whether it arrives or not. It passes bytes on as they come, and cuts both sides
// together. While the simulator is dead, the relay does not listen.
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod/mini';

export interface Post {
  /** when it came, in monotonic milliseconds */
  readonly at: number;
  /** `<namespace>/<name>` */
  readonly app: string;
  readonly releaseId: string;
  readonly pressId: string;
}

export interface Relay {
  readonly url: string;
  readonly posts: readonly Post[];
  up(): Promise<void>;
  /** Ends every connection and stops listening. */
  down(): Promise<void>;
}

const bodySchema = z.object({
  name: z.string(),
  appNamespace: z.string(),
  infos: z.array(z.object({ name: z.string(), value: z.string() })),
});

/** Headers of one connection, not of the message (RFC 9110, section 7.6.1). */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding']);

export function createRelay(options: { readonly port: number; readonly simulatorPort: number }): Relay {
  const { port, simulatorPort } = options;
  const posts: Post[] = [];

  const note = (body: string) => {
    const { name, appNamespace, infos } = bodySchema.parse(JSON.parse(body));
    const info = (infoName: string) => infos.find((one) => one.name === infoName)?.value ?? '';
    posts.push({
      at: performance.now(),
      app: `${appNamespace}/${name}`,
      releaseId: info('release-id'),
      pressId: info('press-id'),
    });
  };

  const pass = (request: IncomingMessage, response: ServerResponse) => {
    const isSync = request.method === 'POST' && request.url?.split('?')[0]?.endsWith('/sync') === true;
    const cut = () => void request.socket.destroy();
    const upstream = httpRequest({
      host: '127.0.0.1',
      port: simulatorPort,
      method: request.method,
      path: request.url,
      headers: withoutHops(request.headers),
      agent: false,
    });
    upstream.on('error', cut);
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers));
      response.flushHeaders();
      answer.on('error', cut);
      answer.on('close', () => {
        if (!answer.complete) cut();
      });
      answer.pipe(response);
    });
    response.on('close', () => upstream.destroy());
    response.on('error', cut);
    request.on('error', cut);
    if (!isSync) {
      request.pipe(upstream);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      note(body.toString('utf8'));
      upstream.end(body);
    });
  };

  const server = createServer(pass);
  // Longer than clients keep idle connections. So they never write to a connection that is just being closed.
  server.keepAliveTimeout = 120_000;

  return {
    url: `http://127.0.0.1:${port}`,
    posts,
    up: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          resolve();
        });
      }),
    down: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function withoutHops(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}
