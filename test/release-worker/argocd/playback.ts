// A server that answers as recorded (status, headers and body, byte by byte) and records the requests.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import { onTestFinished } from 'vitest';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { listenForTest } from '../../support/listening.ts';
import { clientWith, type ClientOptions } from '../support/client.ts';
import { recording, type Recording } from './recordings.ts';

/** Looks like a token of Argo CD. No message may show it. */
export const secret = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJidXR0b24ifQ.c2VjcmV0LXNpZ25hdHVyZQ';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** index of its connection, from 0 */
  readonly connection: number;
}

export interface Served {
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly server: Server;
  /** number of open connections */
  connections(): number;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

/** A server for one test, on a free port. */
export async function serve(
  answer: Answer,
  tls?: { readonly key: string; readonly cert: string },
): Promise<Served> {
  const asked: Asked[] = [];
  const numbers = new Map<Socket, number>();
  const open = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://playback');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        connection: numbers.get(request.socket) ?? -1,
      };
      asked.push(one);
      answer(response, one);
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    numbers.set(socket, numbers.size);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${await listenForTest(server)}`,
    asked,
    server,
    connections: () => open.size,
  };
}

/** Answers a request with the recording if it is the recorded request. Otherwise it says what differs. */
export function played(which: string | Recording, base = ''): Answer {
  const one = typeof which === 'string' ? recording(which) : which;
  return (response, asked) => {
    const wrong = differences(one, asked, base);
    if (wrong.length > 0) {
      response.writeHead(418, { 'content-type': 'text/plain' });
      response.end(`not the recorded request: ${wrong.join('; ')}`);
      return;
    }
    if (one.kind === 'stream') sendStream(response, one);
    else send(response, one);
  };
}

/** Answers every request as recorded. */
export function answeredAs(name: string): Answer {
  return (response) => send(response, recording(name));
}

function differences({ request }: Recording, asked: Asked, base: string): string[] {
  const path = `${base}${new URL(request.path, 'http://playback').pathname}`;
  const changes = request.method !== 'GET';
  return [
    [request.method, asked.method],
    [path, asked.path],
    [`Bearer ${secret}`, asked.headers.authorization],
    [changes ? 'application/json' : undefined, asked.headers['content-type']],
    [path.includes('/stream/') ? 'text/event-stream' : 'application/json', asked.headers.accept],
  ]
    .filter(([wanted, got]) => wanted !== got)
    .map(([wanted, got]) => `${wanted ?? 'nothing'} was recorded, ${got ?? 'nothing'} came`);
}

/** Headers that the server sets itself, and one that would be wrong: compressed answers were recorded uncompressed. */
const ownHeaders = new Set(['content-length', 'transfer-encoding', 'content-encoding']);

function headersOf({ response }: Recording): Record<string, string> {
  return Object.fromEntries(Object.entries(response.headers).filter(([name]) => !ownHeaders.has(name)));
}

function send(response: ServerResponse, one: Recording): void {
  const { status, body } = one.response;
  if (status === null) return;
  response.writeHead(status, headersOf(one));
  response.end(bodyText(body));
}

/** Lists had a line break after `metadata` and after each item. All other answers were compact. */
export function bodyText(body: unknown): string {
  if (typeof body === 'string') return body;
  const text = JSON.stringify(body);
  return body !== null && typeof body === 'object' && 'items' in body
    ? text.replace(',"items":[', '\n,"items":[')
    : text;
}

/** What was sent at one time is sent in one piece. The pauses in between become one turn of the event loop. */
function sendStream(response: ServerResponse, one: Recording): void {
  const { status, lines = [], end } = one.response;
  if (status === null) return;
  response.writeHead(status, headersOf(one));
  const pieces = [...new Set(lines.map(({ atMs }) => atMs))].map((time) =>
    lines
      .filter(({ atMs }) => atMs === time)
      .map(({ text, unterminated }) => (unterminated === true ? text : `${text}\n`))
      .join(''),
  );
  const next = (index: number): void => {
    const piece = pieces[index];
    if (piece !== undefined) response.write(piece, () => setImmediate(next, index + 1));
    else if (end?.how.startsWith('terminating chunk') === true) response.end();
    else if (end?.how.startsWith('connection closed') === true) response.socket?.end();
  };
  next(0);
}

/** A client of this server, which stops when the test is over. */
export function clientOf(url: string, options: Partial<ClientOptions> = {}): ArgoCd {
  const argocd = clientWith({ server: url, token: secret, ...options });
  onTestFinished(() => argocd.stop());
  return argocd;
}

/** A client of a server that plays this recording. */
export async function clientOfPlayed(name: string): Promise<{ argocd: ArgoCd; served: Served }> {
  const served = await serve(played(name));
  return { argocd: clientOf(served.url), served };
}
