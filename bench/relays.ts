// Relays between a client and the simulated Argo CD. They record when the client connected, or when its sync arrived.
import {
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import * as z from 'zod/mini';

async function listenOn(server: Server | HttpServer): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a relay has no port');
  return `http://127.0.0.1:${address.port}`;
}

/** Passes bytes on unchanged, and records when the first connection came. */
export async function startDoor(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let firstAt = Number.NaN;
  const server = createServer((near) => {
    if (Number.isNaN(firstAt)) firstAt = performance.now();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const url = await listenOn(server);
  return {
    url,
    firstAt: () => firstAt,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const syncSchema = z.object({ infos: z.array(z.object({ name: z.string(), value: z.string() })) });
/** Headers that belong to one connection, not to the message (RFC 9110, section 7.6.1). */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** Passes requests on, and records when the POST of each press arrived. Without a target, it answers the requests itself. */
export async function startGate(target?: string) {
  const arrivals = new Map<string, number>();
  let onArrival: () => void = () => {};

  const pass = (request: IncomingMessage, response: ServerResponse, body: Buffer | undefined) => {
    if (target === undefined) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const upstream = httpRequest(`${target}${request.url ?? ''}`, {
      method: request.method,
      headers: withoutHops(request.headers),
    });
    upstream.on('error', () => request.socket.destroy());
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers));
      response.flushHeaders();
      answer.on('error', () => request.socket.destroy());
      answer.pipe(response);
    });
    response.on('close', () => upstream.destroy());
    upstream.end(body);
  };

  const server = createHttpServer((request, response) => {
    const at = performance.now();
    if (request.method !== 'POST') return pass(request, response, undefined);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { infos } = syncSchema.parse(JSON.parse(body.toString('utf8')));
      arrivals.set(infos.find(({ name }) => name === 'press-id')?.value ?? '', at);
      pass(request, response, body);
      onArrival();
    });
  });
  server.keepAliveTimeout = 120_000;
  const url = await listenOn(server);
  return {
    url,
    /** Resolves to the moment when the POST of this press arrived. */
    arrival: (pressId: string) =>
      new Promise<number>((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`no POST came for press ${pressId}`)), 20_000);
        onArrival = () => {
          const at = arrivals.get(pressId);
          if (at === undefined) return;
          clearTimeout(limit);
          resolve(at);
        };
        onArrival();
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function withoutHops(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}
