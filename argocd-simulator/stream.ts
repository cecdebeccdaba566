// GET /api/v1/stream/applications: one event for each application, then one for each change.
import type { ServerResponse } from 'node:http';
import type { ApplicationObject } from './application.ts';
import type { ChangeType, Cluster } from './cluster.ts';
import type { Exchange } from './exchange.ts';
import { parseFields, streamSelection } from './fields.ts';
import { streamError, type Refusal } from './http-answers.ts';
import type { Timers } from './timers.ts';

/** Cuts off a client that does not read, so that its buffer stays bounded. */
const mostBufferedBytes = 64 * 1024 * 1024;

/** How messages are written to one client. */
export interface Wire {
  /** Status and headers. They are sent with the first event. */
  open(): void;
  send(text: string): void;
  keepAlive(): void;
  /** Answers with an error and nothing else. */
  refuse(status: number, text: string): void;
  /** How many bytes the client has not read yet. */
  waiting(): number;
}

/** Server-sent events, framed as Argo CD frames them. */
export function eventWire(response: ServerResponse): Wire {
  const headers = { 'Content-Type': 'text/event-stream', 'X-Content-Type-Options': 'nosniff' };
  return {
    open: () => void response.writeHead(200, { ...headers, ...grpcHeader }),
    send: (text) => void response.write(`data: ${text} \n\n\n`),
    keepAlive: () => void response.write(':\n'),
    refuse(status, text) {
      response.writeHead(status, headers);
      response.end(`data: ${text} \n\n`);
    },
    waiting: () => response.writableLength,
  };
}

export const grpcHeader = { 'Grpc-Metadata-Content-Type': 'application/grpc' };

/** An error is one message of the stream, and `fields=` filters it like any other. */
export function refuseStream({ query }: Exchange, wire: Wire, refusal: Refusal): void {
  const { status, message } = streamError(refusal);
  const fields = parseFields(query.get('fields'));
  wire.refuse(status, JSON.stringify(fields ? streamSelection(message, fields) : message));
}

export interface StreamOptions {
  /** The source of the events. */
  readonly source: Pick<Cluster, 'all' | 'onChange'>;
  readonly timers: Timers;
  readonly keepAliveMs: number;
  /** Whether the stream shows this application; absent: it shows every one. */
  wanted?(object: ApplicationObject): boolean;
}

export function openStream({ query, response }: Exchange, wire: Wire, options: StreamOptions): void {
  const { source, timers, keepAliveMs, wanted = () => true } = options;
  const fields = parseFields(query.get('fields'));
  /** The last message by application name. Applications of the same name in two namespaces share an entry, as in Argo CD. */
  const lastSent = new Map<string, string>();
  let started = false;
  let stopKeepAlive: (() => void) | undefined;

  function keepAlive(): void {
    stopKeepAlive = timers.after(keepAliveMs, () => {
      wire.keepAlive();
      keepAlive();
    });
  }

  function send(type: ChangeType, object: ApplicationObject): void {
    if (!wanted(object)) return;
    const result = { result: { type, application: object } };
    const text = JSON.stringify(fields ? streamSelection(result, fields) : result);
    if (lastSent.get(object.metadata.name) === text) return;
    lastSent.set(object.metadata.name, text);
    if (!started) {
      started = true;
      wire.open();
      keepAlive();
    }
    wire.send(text);
    if (wire.waiting() > mostBufferedBytes) response.destroy();
  }

  const all = [...source.all()].map(({ object }) => object);
  const key = ({ metadata }: ApplicationObject): string => `${metadata.namespace}/${metadata.name}`;
  response.cork();
  for (const object of all.sort((a, b) => (key(a) < key(b) ? -1 : 1))) send('ADDED', object);
  response.uncork();
  const unsubscribe = source.onChange(send);
  response.once('close', () => {
    unsubscribe();
    stopKeepAlive?.();
  });
}
