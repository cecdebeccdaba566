// Which endpoint answers a path, and what every request passes first: content type, method, body, token.
import type { IncomingMessage } from 'node:http';
import { plain, readBody, refused } from './answers.ts';
import type { Answer } from './answers.ts';
import { timestamp } from './application.ts';
import {
  canI,
  get,
  list,
  globalProjects,
  project,
  revisionMetadata,
  syncWindows,
  userInfo,
  version,
  wantedBy,
} from './queries.ts';
import type { RequestLog } from './request-log.ts';
import { readRollbackBody, rollback } from './rollback.ts';
import { logIn } from './session.ts';
import { sync, terminate } from './sync.ts';
import { readSyncBody } from './sync-request.ts';
import type { SyncBody } from './sync-request.ts';
import type { Account } from './world-description.ts';
import type { SimulatedWorld } from './world.ts';

/** Argo CD's gRPC server takes larger ones, but a sync of this size would never be taken up. */
const mostBytes = 4 * 1024 * 1024;

export type ApiParts = { world: SimulatedWorld; requests: RequestLog; now(): number };

type Call = { world: SimulatedWorld; account: Account; path: string[]; query: URLSearchParams };
type Endpoint = (call: Call) => Answer | Promise<Answer>;

const streamPath = '/api/v1/stream/applications';
const syncPath = /^\/api\/v1\/applications\/([^/]+)\/(sync|rollback)$/;
const tooLarge = refused({ code: 2, message: 'simulated: the body is too large' });
const noSniff = { 'X-Content-Type-Options': 'nosniff' };

const routes: { pattern: RegExp; method: string; endpoint: Endpoint }[] = [
  {
    pattern: /^\/api\/v1\/applications$/,
    method: 'GET',
    endpoint: ({ world, account, query }) => list(world, account, query),
  },
  {
    pattern: /^\/api\/v1\/applications\/([^/]+)$/,
    method: 'GET',
    endpoint: ({ world, account, path: [name = ''], query }) =>
      get(world, account, wantedBy(name, query), query.get('refresh')),
  },
  {
    pattern: /^\/api\/v1\/applications\/([^/]+)\/operation$/,
    method: 'DELETE',
    endpoint: ({ world, account, path: [name = ''], query }) =>
      terminate(world, account, wantedBy(name, query)),
  },
  {
    pattern: /^\/api\/v1\/applications\/([^/]+)\/syncwindows$/,
    method: 'GET',
    endpoint: ({ world, account, path: [name = ''], query }) =>
      syncWindows(world, account, wantedBy(name, query)),
  },
  {
    pattern: /^\/api\/v1\/applications\/([^/]+)\/revisions\/([^/]+)\/metadata$/,
    method: 'GET',
    endpoint: ({ world, account, path: [name = '', revision = ''], query }) =>
      revisionMetadata(world, account, wantedBy(name, query), revision, query.get('sourceIndex')),
  },
  {
    pattern: /^\/api\/v1\/projects\/([^/]*)$/,
    method: 'GET',
    endpoint: ({ world, account, path: [name = ''] }) => project(world, account, name),
  },
  {
    pattern: /^\/api\/v1\/projects\/([^/]+)\/globalprojects$/,
    method: 'GET',
    endpoint: ({ world, account, path: [name = ''] }) => globalProjects(world, account, name),
  },
  {
    pattern: /^\/api\/v1\/account\/can-i\/(.+)$/,
    method: 'GET',
    endpoint: ({ world, account, path: [question = ''] }) => canI(world, account, question),
  },
];

const frontPage = `This is a simulated Argo CD (X-Simulated: argocd). It deploys nothing.
Its state: GET /api/v1/applications with its token. Its controls: /simulator/drift, /simulator/world,
/simulator/faults, /simulator/requests.
`;

export function isStream(method: string | undefined, path: string): boolean {
  return method === 'GET' && path === streamPath;
}

export async function answerApi(parts: ApiParts, request: IncomingMessage, url: URL): Promise<Answer> {
  const { method = '' } = request;
  const { pathname, searchParams: query } = url;
  if (pathname === '/healthz') return plain(200, 'ok\n');
  if (pathname === '/') return plain(200, frontPage);
  if (pathname.includes('//')) return redirected(pathname);
  if (!pathname.startsWith('/api/')) return plain(404, '404 page not found\n', noSniff);
  if (method !== 'GET' && request.headers['content-type'] !== 'application/json') {
    return plain(415, 'Invalid content type\n', noSniff);
  }
  const authentication = parts.world.accounts.authenticate(request.headers);
  if (method === 'GET' && pathname === '/api/version') return version(parts.world, authentication);
  if (method === 'GET' && pathname === '/api/v1/session/userinfo') return userInfo(authentication);
  if (method === 'POST' && pathname === '/api/v1/session') {
    const text = await readBody(request, mostBytes);
    return text === undefined ? tooLarge : logIn(parts.world, text);
  }
  const [, syncName, what] = syncPath.exec(pathname) ?? [];
  if (syncName !== undefined && method === 'POST') {
    const answer = what === 'sync' ? answerSync : answerRollback;
    return answer(parts, request, decode(syncName));
  }
  const known = routes.filter(({ pattern }) => pattern.test(pathname));
  const route = known.find((each) => each.method === method);
  if (!route) {
    const exists =
      known.length > 0 || syncName !== undefined || [streamPath, '/api/v1/session'].includes(pathname);
    return exists ? plain(405, 'Method Not Allowed\n', noSniff) : plain(404, 'Not Found\n', noSniff);
  }
  if (!('account' in authentication)) return refused({ code: 16, message: authentication.problem });
  const path = (route.pattern.exec(pathname) ?? []).slice(1).map(decode);
  return route.endpoint({ world: parts.world, account: authentication.account, path, query });
}

/** Go's router cleans a path before anybody looks at it (`can-i-empty-project`). */
function redirected(pathname: string): Answer {
  const location = pathname.replaceAll(/\/+/g, '/').replaceAll('*', '%2A');
  return {
    status: 307,
    headers: { 'Content-Type': 'text/html; charset=utf-8', Location: location },
    body: `<a href="${location}">Temporary Redirect</a>.\n\n`,
  };
}

/** The body is read before the token, as by Argo CD's gateway. */
async function answerSync(parts: ApiParts, request: IncomingMessage, name: string): Promise<Answer> {
  const text = await readBody(request, mostBytes);
  if (text === undefined) return tooLarge;
  const body = readSyncBody(text);
  if ('problem' in body) return refused({ code: 3, message: body.problem });
  const authentication = parts.world.accounts.authenticate(request.headers);
  const account = 'account' in authentication ? authentication.account : undefined;
  const answer =
    'account' in authentication
      ? sync(parts.world, authentication.account, name, body)
      : refused({ code: 16, message: authentication.problem });
  parts.requests.sync({
    ...entryOf(body),
    name,
    account: account?.name ?? null,
    at: timestamp(parts.now()),
    status: answer.status,
  });
  return answer;
}

async function answerRollback(parts: ApiParts, request: IncomingMessage, name: string): Promise<Answer> {
  const text = await readBody(request, mostBytes);
  if (text === undefined) return tooLarge;
  const body = readRollbackBody(text);
  if ('problem' in body) return refused({ code: 3, message: body.problem });
  const authentication = parts.world.accounts.authenticate(request.headers);
  return 'account' in authentication
    ? rollback(parts.world, authentication.account, name, body)
    : refused({ code: 16, message: authentication.problem });
}

function entryOf({ appNamespace, infos, revision, dryRun }: SyncBody) {
  return { namespace: appNamespace === '' ? 'argocd' : appNamespace, infos, revision, dryRun };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
