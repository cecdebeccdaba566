// Streams with everything that the recordings contain: lines, compression, filters, permissions, and faults.
import { constants, createGzip } from 'node:zlib';
import type { Exchange } from '../../argocd-simulator/exchange.ts';
import { acceptsGzip, type Refusal } from '../../argocd-simulator/http-answers.ts';
import { namespaceIn, projectsIn } from '../../argocd-simulator/queries.ts';
import { eventWire, grpcHeader, openStream, refuseStream, type Wire } from '../../argocd-simulator/stream.ts';
import type { Timers } from '../../argocd-simulator/timers.ts';
import type { Faults } from './faults.ts';
import { parseSelector } from './label-selector.ts';
import { permissionNameOf } from './refusals.ts';
import type { TestBackend } from './test-backend.ts';
import type { Account } from './world-description.ts';

/** One JSON object per line, and no keep-alives. */
function lineWire({ request, response }: Exchange): Wire {
  const gzip = acceptsGzip(request) ? createGzip() : undefined;
  const headers = { 'Content-Type': 'application/json', Vary: 'Accept-Encoding' };
  response.once('close', () => gzip?.destroy());
  return {
    open() {
      response.writeHead(200, {
        ...headers,
        ...grpcHeader,
        ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
      });
      gzip?.pipe(response);
    },
    send(text) {
      (gzip ?? response).write(`${text}\n`);
      gzip?.flush(constants.Z_SYNC_FLUSH);
    },
    keepAlive: () => {},
    refuse(status, text) {
      response.writeHead(status, headers);
      response.end(`${text}\n`);
    },
    waiting: () => response.writableLength + (gzip?.writableLength ?? 0),
  };
}

/** Only this exact value asks for server-sent events. */
function wireFor(exchange: Exchange): Wire {
  const events = exchange.request.headers.accept === 'text/event-stream';
  return events ? eventWire(exchange.response) : lineWire(exchange);
}

export function refuseTestStream(exchange: Exchange, refusal: Refusal): void {
  refuseStream(exchange, wireFor(exchange), refusal);
}

export function openTestStream(
  exchange: Exchange,
  account: Account,
  parts: { backend: TestBackend; timers: Timers; keepAliveMs: number; faults: Faults },
): void {
  const { backend, timers, keepAliveMs, faults } = parts;
  const { query } = exchange;
  const selector = parseSelector(query.get('selector') ?? '');
  if (typeof selector !== 'function') {
    const message = `error parsing labels with selectors: ${selector.problem}`;
    refuseTestStream(exchange, { code: 2, message });
    return;
  }
  const wire = wireFor(exchange);
  const name = query.get('name') ?? '';
  const namespace = namespaceIn(query);
  const projects = projectsIn(query);
  const startVersion = query.get('resourceVersion') ?? '';
  const oldest = Number(startVersion) || 0;
  const beginsWithAll = startVersion === '' || name !== '';
  const { cluster } = backend;
  openStream(
    exchange,
    { ...wire, keepAlive: () => faults.silent() || wire.keepAlive() },
    {
      source: {
        all: () => (beginsWithAll && !faults.silent() ? cluster.all() : []),
        onChange: (listener) =>
          cluster.onChange((type, object) => {
            if (faults.passesEvent()) listener(type, object);
          }),
      },
      timers,
      keepAliveMs,
      wanted: (object) => {
        const { metadata, spec } = object;
        if (projects.length > 0 && !projects.includes(spec.project)) return false;
        if (Number(metadata.resourceVersion) < oldest) return false;
        if (name !== '' && (metadata.name !== name || metadata.namespace !== namespace)) return false;
        return selector(metadata.labels) && backend.accounts.may(account, 'get', permissionNameOf(object));
      },
    },
  );
}
