// Answers as data in Argo CD's error shapes, and the only function that sends them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

export type Answer = { status: number; headers: Record<string, string>; body: string };

/** A refusal as a gRPC code and a message, before it becomes a unary answer or an error on a stream. */
export type Refusal = { code: number; message: string };

/** gRPC codes and the HTTP statuses that Argo CD answers for them. */
const statuses: Record<number, [number, string]> = {
  1: [408, 'Request Timeout'],
  2: [500, 'Internal Server Error'],
  3: [400, 'Bad Request'],
  5: [404, 'Not Found'],
  7: [403, 'Forbidden'],
  9: [400, 'Bad Request'],
  13: [500, 'Internal Server Error'],
  14: [503, 'Service Unavailable'],
  16: [401, 'Unauthorized'],
};

export const permissionDenied: Refusal = { code: 7, message: 'permission denied' };

function httpStatus(code: number): [number, string] {
  return statuses[code] ?? [500, 'Internal Server Error'];
}

export function json(body: unknown): Answer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json',
      'Grpc-Metadata-Content-Type': 'application/grpc',
      Vary: 'Accept-Encoding',
    },
    body: JSON.stringify(body),
  };
}

export function refused({ code, message }: Refusal): Answer {
  const [status] = httpStatus(code);
  return {
    status,
    headers: { 'Content-Type': 'application/json', Vary: 'Accept-Encoding' },
    body: JSON.stringify({ error: message, code, message }),
  };
}

export function plain(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
    body,
  };
}

/** The shape of an error on a stream. */
export function streamError({ code, message }: Refusal): {
  status: number;
  message: Record<string, unknown>;
} {
  const [status, text] = httpStatus(code);
  return { status, message: { error: { grpc_code: code, http_code: status, message, http_status: text } } };
}

export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const headers = { ...answer.headers };
  let body = Buffer.from(answer.body);
  if (acceptsGzip(request) && body.length > 1024) {
    body = gzipSync(body);
    headers['Content-Encoding'] = 'gzip';
  }
  response.writeHead(answer.status, { ...headers, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

export function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
}

/** The body as text; `undefined`: longer than `limit` bytes (the rest is dropped), or incomplete. */
export function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else chunks = [];
    });
    request.once('end', () => resolve(length > limit ? undefined : Buffer.concat(chunks).toString('utf8')));
    request.once('close', () => resolve(undefined));
  });
}
