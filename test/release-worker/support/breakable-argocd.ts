// An Argo CD with a few applications, which a test can break in ways that the simulator should not have. The test decides
// what it sends, when, and whether it answers at all.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { listenOnFreePort } from '../../support/listening.ts';
import { newCommit, oldCommit } from './records.ts';

export type Sync = 'Synced' | 'OutOfSync';
/** name to state */
export type Apps = Readonly<Record<string, Sync>>;
/** True: it has handled the request itself. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface BreakableArgoCd {
  readonly url: string;
  /** Changes the contents; open streams are told. */
  has(apps: Apps): void;
  /** Changes the contents; no stream is told. */
  secretlyHas(apps: Apps): void;
  /** Until `mend` is called. */
  break(fault: Fault): void;
  mend(): void;
  /** Streams that are open now and were opened correctly. */
  streams(): readonly ServerResponse[];
  /** Cuts all connections. */
  cut(): void;
  /** Refuses connections until `listen` is called. */
  close(): Promise<void>;
  listen(): Promise<void>;
}

export const eventHead = { 'content-type': 'text/event-stream' };

/** Argo CD sends keep-alives every 15 s. */
export async function breakableArgoCd(keepAliveMs = 15_000): Promise<BreakableArgoCd> {
  let apps: Apps = {};
  let fault: Fault | undefined;
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    response.on('error', () => {});
    if (fault?.(request, response) === true) return;
    const { pathname } = new URL(request.url ?? '/', 'http://breakable');
    if (pathname === '/api/v1/stream/applications') open(response);
    else answer(pathname, response);
  });

  const open = (response: ServerResponse) => {
    streams.add(response);
    response.once('close', () => streams.delete(response));
    response.writeHead(200, eventHead);
    for (const [name, sync] of Object.entries(apps)) response.write(eventOf('ADDED', name, sync));
  };
  const answer = (pathname: string, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answerTo(pathname)));
  };
  const answerTo = (pathname: string): unknown => {
    if (pathname === '/api/version') return { Version: 'v3.6.0' };
    if (pathname === '/api/v1/session/userinfo') return { loggedIn: true, username: 'button' };
    if (pathname.includes('/can-i/')) return { value: 'yes' };
    if (pathname.endsWith('/syncwindows')) return { canSync: true };
    if (pathname.endsWith('/metadata')) return { author: 'Robin Reviewer', message: 'a change' };
    const items = Object.entries(apps).map(([name, sync]) => application(name, sync));
    if (pathname === '/api/v1/applications')
      return { metadata: {}, items: items.length === 0 ? null : items };
    return items.find(({ metadata }) => pathname.endsWith(`/${metadata.name}`)) ?? {};
  };

  const port = await listenOnFreePort(server);
  const keepAlive = setInterval(() => {
    for (const stream of streams) stream.write(':\n');
  }, keepAliveMs);
  onTestFinished(() => {
    clearInterval(keepAlive);
    server.close();
    server.closeAllConnections();
  });

  return {
    url: `http://127.0.0.1:${port}`,
    has: (next) => {
      const before = apps;
      apps = next;
      for (const stream of streams) {
        for (const [name, sync] of Object.entries(next))
          if (before[name] !== sync)
            stream.write(eventOf(before[name] === undefined ? 'ADDED' : 'MODIFIED', name, sync));
        for (const [name, sync] of Object.entries(before))
          if (next[name] === undefined) stream.write(eventOf('DELETED', name, sync));
      }
    },
    secretlyHas: (next) => {
      apps = next;
    },
    break: (next) => {
      fault = next;
    },
    mend: () => {
      fault = undefined;
    },
    streams: () => [...streams],
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    listen: () =>
      new Promise((resolve) => {
        server.listen(port, '127.0.0.1', resolve);
      }),
  };
}

export function eventOf(
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  name: string,
  sync: Sync,
  message = '',
): string {
  return `data: ${JSON.stringify({ result: { type, application: application(name, sync, message) } })} \n\n\n`;
}

function application(name: string, sync: Sync, message = '') {
  const deployed = sync === 'Synced' ? newCommit : oldCommit;
  return {
    metadata: { name, namespace: 'argocd' },
    spec: { project: 'default', source: { repoURL: `https://git.example/${name}.git`, path: '.' } },
    status: {
      sync: { status: sync, revision: newCommit },
      health: { status: 'Healthy' },
      history: [{ id: 0, revision: deployed }],
      resources: [],
      ...(message === '' ? {} : { operationState: { phase: 'Succeeded', message } }),
    },
  };
}
