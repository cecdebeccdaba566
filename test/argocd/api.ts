// The handlers in front of the simulator's own API. They refuse what Argo CD refuses, in its words, and answer where the
// recordings contain more than the demo needs. They pass all other requests on.
import { timestamp } from '../../argocd-simulator/application.ts';
import { decoded, maxBodyBytes, noSniff, tooLarge } from '../../argocd-simulator/api.ts';
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import type { Exchange, Handler, Outcome } from '../../argocd-simulator/exchange.ts';
import { plain, refused, type Answer } from '../../argocd-simulator/http-answers.ts';
import { namespaceIn } from '../../argocd-simulator/queries.ts';
import { streamPath } from '../../argocd-simulator/stream.ts';
import { isRefusal } from '../../argocd-simulator/sync.ts';
import type { Timers } from '../../argocd-simulator/timers.ts';
import type { Faults } from './faults.ts';
import {
  canI,
  list,
  mayNotGetProject,
  metadataProblem,
  project,
  syncWindows,
  wholeVersion,
} from './queries.ts';
import { find, type Wanted } from './refusals.ts';
import type { RequestLog } from './request-log.ts';
import { logIn } from './session.ts';
import { openTestStream, refuseTestStream } from './stream.ts';
import { readRollbackBody, testRollback, testSync } from './sync.ts';
import { readWholeSyncBody } from './sync-request.ts';
import type { TestBackend } from './test-backend.ts';
import type { Account } from './world-description.ts';

/** What Go's router does with a request before any handler sees it. */
export const goRouter: Handler = ({ method, path, request }, next) => {
  if (path === '/healthz') return next();
  // It cleans a path (`can-i-empty-project`).
  if (path.includes('//')) return redirected(path.replaceAll(/\/+/g, '/').replaceAll('*', '%2A'));
  if (!path.startsWith('/api/')) return plain(404, '404 page not found\n', noSniff);
  if (method !== 'GET' && request.headers['content-type'] !== 'application/json')
    return plain(415, 'Invalid content type\n', noSniff);
  return next();
};

function redirected(location: string): Answer {
  return {
    status: 307,
    headers: { 'Content-Type': 'text/html; charset=utf-8', Location: location },
    body: `<a href="${location}">Temporary Redirect</a>.\n\n`,
  };
}

interface Call {
  readonly account: Account;
  readonly query: URLSearchParams;
  /** The groups of the endpoint's pattern, decoded. */
  readonly path: readonly string[];
  /** The simulator's own answer. */
  next(): Promise<Outcome>;
}

export interface TestApiParts {
  readonly backend: TestBackend;
  readonly requests: RequestLog;
  readonly faults: Faults;
  readonly timers: Timers;
  readonly keepAliveMs: number;
}

export function createTestApi(parts: TestApiParts): Handler {
  const { backend, requests, timers } = parts;

  /** Refuses as Argo CD refuses requests about an application; otherwise `then` answers. */
  const guarded =
    (action: 'get' | 'sync', then: (call: Call, record: ApplicationRecord) => Outcome | Promise<Outcome>) =>
    (call: Call) => {
      const record = find(backend, call.account, action, wantedBy(call.path[0] ?? '', call.query));
      return isRefusal(record) ? refused(record) : then(call, record);
    };

  const guardedProject = (then: (call: Call, name: string) => Outcome | Promise<Outcome>) => (call: Call) => {
    const [name = ''] = call.path;
    const may = backend.accounts.mayGetProject(call.account, name);
    return may ? then(call, name) : mayNotGetProject(call.account, name);
  };

  const endpoints: readonly {
    readonly method: string;
    readonly pattern: RegExp;
    answer(call: Call): Outcome | Promise<Outcome>;
  }[] = [
    { method: 'GET', pattern: /^\/api\/version$/, answer: () => wholeVersion(backend.version) },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/applications$/,
      answer: ({ account, query }) => list(backend, account, query),
    },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/applications\/([^/]+)$/,
      answer: guarded('get', ({ next }) => next()),
    },
    {
      method: 'DELETE',
      pattern: /^\/api\/v1\/applications\/([^/]+)\/operation$/,
      answer: guarded('sync', ({ next }) => next()),
    },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/applications\/([^/]+)\/syncwindows$/,
      answer: guarded('get', (_call, record) => syncWindows(backend, record)),
    },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/applications\/([^/]+)\/revisions\/([^/]+)\/metadata$/,
      answer: guarded('get', ({ path: [, revision = ''], query, next }, record) => {
        const index = Number(query.get('sourceIndex') ?? 0);
        const problem = metadataProblem(backend, record, revision, index);
        return problem ? refused(problem) : next();
      }),
    },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/projects\/([^/]*)$/,
      answer: guardedProject((_call, name) => project(backend, name)),
    },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/projects\/([^/]+)\/globalprojects$/,
      answer: guardedProject(({ next }) => next()),
    },
    {
      method: 'GET',
      pattern: /^\/api\/v1\/account\/can-i\/(.+)$/,
      answer: ({ account, path: [question = ''] }) => canI(backend, account, question),
    },
  ];

  /** The body is read before the token, as in Argo CD's gateway. */
  async function post<Body extends object>(
    exchange: Exchange,
    read: (text: string) => Body | { problem: string },
    answer: (body: Body, account: Account) => Answer,
    log: (body: Body, account: Account | undefined, answer: Answer) => void = () => {},
  ): Promise<Answer> {
    const text = await exchange.body(maxBodyBytes);
    if (text === undefined) return tooLarge;
    const body = read(text);
    if ('problem' in body) return refused({ code: 3, message: body.problem });
    const authentication = backend.accounts.authenticate(exchange.request.headers);
    const account = 'account' in authentication ? authentication.account : undefined;
    const answered =
      'account' in authentication
        ? answer(body, authentication.account)
        : refused({ code: 16, message: authentication.problem });
    log(body, account, answered);
    return answered;
  }

  return async (exchange, next) => {
    const { method, path, query, request } = exchange;
    if (path === '/api/v1/session') {
      if (method !== 'POST') return plain(405, 'Method Not Allowed\n', noSniff);
      const text = await exchange.body(maxBodyBytes);
      return text === undefined ? tooLarge : logIn(backend.accounts, text);
    }
    const [, segment = '', what] = /^\/api\/v1\/applications\/([^/]+)\/(sync|rollback)$/.exec(path) ?? [];
    const name = decoded(segment);
    if (method === 'POST' && what === 'rollback')
      return post(exchange, readRollbackBody, (body, account) => testRollback(backend, account, name, body));
    if (method === 'POST' && what === 'sync')
      return post(
        exchange,
        readWholeSyncBody,
        (body, account) => testSync(backend, account, name, body),
        ({ appNamespace: namespace, infos, revision, dryRun }, account, { status }) =>
          requests.sync({
            namespace,
            name,
            infos,
            revision,
            dryRun,
            status,
            account: account?.name ?? null,
            at: timestamp(timers.now()),
          }),
      );
    const authentication = backend.accounts.authenticate(request.headers);
    if (isStream(exchange)) {
      if ('account' in authentication) openTestStream(exchange, authentication.account, parts);
      else refuseTestStream(exchange, { code: 16, message: authentication.problem });
      return 'handled';
    }
    const endpoint = endpoints.find((each) => each.method === method && each.pattern.test(path));
    if (endpoint === undefined || !('account' in authentication)) return next();
    const groups = (endpoint.pattern.exec(path) ?? []).slice(1).map(decoded);
    return endpoint.answer({ account: authentication.account, query, path: groups, next });
  };
}

export function isStream({ method, path }: Exchange): boolean {
  return method === 'GET' && path === streamPath;
}

/** The application that a GET or DELETE is about. */
function wantedBy(name: string, query: URLSearchParams): Wanted {
  return { name, namespace: namespaceIn(query), project: query.get('project') ?? '' };
}
