// GET /api/v1/stream/applications: server-sent events or one JSON object a line.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, createGzip } from 'node:zlib';
import { acceptsGzip, streamError } from './answers.ts';
import type { Refusal } from './answers.ts';
import { controlPlaneNamespace } from './application.ts';
import type { ApplicationObject } from './application.ts';
import type { ChangeType } from './cluster.ts';
import type { Faults } from './faults.ts';
import { parseSelector } from './label-selector.ts';
import { permissionNameOf } from './refusals.ts';
import { parseFields, streamSelection } from './selection.ts';
import type { Timers } from './timers.ts';
import type { Account } from './world-description.ts';
import type { SimulatedWorld } from './world.ts';

/** A client that reads nothing is cut off rather than buffered for without end. */
const mostBufferedBytes = 64 * 1024 * 1024;

export type StreamParts = {
  world: SimulatedWorld;
  timers: Timers;
  keepAliveMs: number;
  faults: Faults;
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
};

/** Only this exact value switches to server-sent events. */
function asksForEvents(request: IncomingMessage): boolean {
  return request.headers.accept === 'text/event-stream';
}

/** An error is one message of the stream, filtered by `fields=` like any other. */
export function refuseStream({ request, response, query }: StreamParts, refusal: Refusal): void {
  const events = asksForEvents(request);
  const { status, message } = streamError(refusal);
  const fields = parseFields(query.get('fields'));
  const text = JSON.stringify(fields ? streamSelection(message, fields) : message);
  response.writeHead(status, headersOf(events));
  response.end(events ? `data: ${text} \n\n` : `${text}\n`);
}

function headersOf(events: boolean): Record<string, string> {
  return events
    ? { 'Content-Type': 'text/event-stream', 'X-Content-Type-Options': 'nosniff' }
    : { 'Content-Type': 'application/json', Vary: 'Accept-Encoding' };
}

export function openStream(parts: StreamParts, account: Account): void {
  const { world, timers, keepAliveMs, faults, request, response, query } = parts;
  const parsed = parseSelector(query.get('selector') ?? '');
  if (typeof parsed !== 'function') {
    refuseStream(parts, { code: 2, message: `error parsing labels with selectors: ${parsed.problem}` });
    return;
  }
  const selector = parsed;
  const events = asksForEvents(request);
  const fields = parseFields(query.get('fields'));
  const name = query.get('name') ?? '';
  const namespace = query.get('appNamespace') || controlPlaneNamespace;
  const projects = [...query.getAll('projects'), ...query.getAll('project')].filter((each) => each !== '');
  const since = query.get('resourceVersion') ?? '';
  const oldest = Number(since) || 0;
  const gzip = !events && acceptsGzip(request) ? createGzip() : undefined;
  /** The last message by application name: two namespaces share it, as in Argo CD. */
  const lastSent = new Map<string, string>();
  let started = false;
  let stopKeepAlive: (() => void) | undefined;

  function wanted({ metadata, spec }: ApplicationObject): boolean {
    if (projects.length > 0 && !projects.includes(spec.project)) return false;
    if (Number(metadata.resourceVersion) < oldest) return false;
    if (name !== '' && (metadata.name !== name || metadata.namespace !== namespace)) return false;
    return selector(metadata.labels);
  }

  function keepAlive(): void {
    stopKeepAlive = timers.after(keepAliveMs, () => {
      if (!faults.silent()) response.write(':\n');
      keepAlive();
    });
  }

  // Headers wait for the first event, and so do keep-alives.
  function start(): void {
    started = true;
    response.writeHead(200, {
      ...headersOf(events),
      'Grpc-Metadata-Content-Type': 'application/grpc',
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    });
    gzip?.pipe(response);
    if (events) keepAlive();
  }

  function sendOne(type: ChangeType, object: ApplicationObject): void {
    if (!wanted(object) || !world.accounts.may(account, 'get', permissionNameOf(object))) return;
    const result = { result: { type, application: object } };
    const text = JSON.stringify(fields ? streamSelection(result, fields) : result);
    if (lastSent.get(object.metadata.name) === text) return;
    lastSent.set(object.metadata.name, text);
    if (!started) start();
    if (gzip) {
      gzip.write(`${text}\n`);
      gzip.flush(constants.Z_SYNC_FLUSH);
    } else {
      response.write(events ? `data: ${text} \n\n\n` : `${text}\n`);
    }
    if (response.writableLength + (gzip?.writableLength ?? 0) > mostBufferedBytes) response.destroy();
  }

  if (since === '' || name !== '') {
    const all = [...world.cluster.all()].map(({ object }) => object);
    const key = ({ metadata }: ApplicationObject): string => `${metadata.namespace}/${metadata.name}`;
    response.cork();
    for (const object of all.sort((a, b) => (key(a) < key(b) ? -1 : 1))) {
      if (!faults.silent()) sendOne('ADDED', object);
    }
    response.uncork();
  }
  const unsubscribe = world.cluster.onChange((type, object) => {
    if (faults.passesEvent()) sendOne(type, object);
  });
  response.once('close', () => {
    unsubscribe();
    stopKeepAlive?.();
    gzip?.destroy();
  });
}
