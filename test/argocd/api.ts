// The handlers in front of the simulator's own API. They refuse requests in the words of Argo CD, and answer those for
// which the recordings contain more than the demo needs. All other requests go on to the simulator.
import { timestamp } from '../../argocd-simulator/application.ts';
import { maxBodyBytes, noSniff, tooLarge } from '../../argocd-simulator/api.ts';
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import type { Exchange, Handler, Outcome } from '../../argocd-simulator/exchange.ts';
import { plain, refused, type Answer } from '../../argocd-simulator/http-answers.ts';
import { parametersIn, paths } from '../../argocd-simulator/paths.ts';
import { namespaceIn } from '../../argocd-simulator/queries.ts';
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
  // The router cleans such a path (recording `can-i-empty-project`).
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
  readonly parameters: readonly string[];
  /** Asks the simulator for its own answer. */
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

  /** Refuses a request about an application as Argo CD does; calls `answer` if it is permitted. */
  const guarded =
    (action: 'get' | 'sync', answer: (call: Call, record: ApplicationRecord) => Outcome | Promise<Outcome>) =>
    (call: Call) => {
      const record = find(backend, call.account, action, wantedBy(call.parameters[0] ?? '', call.query));
      return isRefusal(record) ? refused(record) : answer(call, record);
    };

  const guardedProject =
    (answer: (call: Call, name: string) => Outcome | Promise<Outcome>) => (call: Call) => {
      const [name = ''] = call.parameters;
      const isPermitted = backend.accounts.mayGetProject(call.account, name);
      return isPermitted ? answer(call, name) : mayNotGetProject(call.account, name);
    };

  const endpoints: readonly {
    readonly method: string;
    readonly pattern: RegExp;
    answer(call: Call): Outcome | Promise<Outcome>;
  }[] = [
    { method: 'GET', pattern: paths.version, answer: () => wholeVersion(backend.version) },
    {
      method: 'GET',
      pattern: paths.applications,
      answer: ({ account, query }) => list(backend, account, query),
    },
    {
      method: 'GET',
      pattern: paths.application,
      answer: guarded('get', ({ next }) => next()),
    },
    {
      method: 'DELETE',
      pattern: paths.operation,
      answer: guarded('sync', ({ next }) => next()),
    },
    {
      method: 'GET',
      pattern: paths.syncWindows,
      answer: guarded('get', (_call, record) => syncWindows(backend, record)),
    },
    {
      method: 'GET',
      pattern: paths.revisionMetadata,
      answer: guarded('get', ({ parameters: [, revision = ''], query, next }, record) => {
        const index = Number(query.get('sourceIndex') ?? 0);
        const problem = metadataProblem(backend, record, revision, index);
        return problem ? refused(problem) : next();
      }),
    },
    {
      method: 'GET',
      pattern: paths.project,
      answer: guardedProject((_call, name) => project(backend, name)),
    },
    {
      method: 'GET',
      pattern: paths.globalProjects,
      answer: guardedProject(({ next }) => next()),
    },
    {
      method: 'GET',
      pattern: paths.canI,
      answer: ({ account, parameters: [question = ''] }) => canI(backend, account, question),
    },
  ];

  /** Reads the body before it looks at the token, as Argo CD's gateway does. */
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
    const reply =
      'account' in authentication
        ? answer(body, authentication.account)
        : refused({ code: 16, message: authentication.problem });
    log(body, account, reply);
    return reply;
  }

  return async (exchange, next) => {
    const { method, path, query, request } = exchange;
    if (paths.session.test(path)) {
      if (method !== 'POST') return plain(405, 'Method Not Allowed\n', noSniff);
      const text = await exchange.body(maxBodyBytes);
      return text === undefined ? tooLarge : logIn(backend.accounts, text);
    }
    const [rollbackName] = parametersIn(path, paths.rollback) ?? [];
    if (method === 'POST' && rollbackName !== undefined)
      return post(exchange, readRollbackBody, (body, account) =>
        testRollback(backend, account, rollbackName, body),
      );
    const [syncName] = parametersIn(path, paths.sync) ?? [];
    if (method === 'POST' && syncName !== undefined)
      return post(
        exchange,
        readWholeSyncBody,
        (body, account) => testSync(backend, account, syncName, body),
        ({ appNamespace: namespace, infos, revision, dryRun }, account, { status }) =>
          requests.sync({
            namespace,
            name: syncName,
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
    const parameters = parametersIn(path, endpoint.pattern) ?? [];
    return endpoint.answer({ account: authentication.account, query, parameters, next });
  };
}

export function isStream({ method, path }: Exchange): boolean {
  return method === 'GET' && paths.stream.test(path);
}

/** The application that a GET or DELETE is about. */
function wantedBy(name: string, query: URLSearchParams): Wanted {
  return { name, namespace: namespaceIn(query), project: query.get('project') ?? '' };
}
