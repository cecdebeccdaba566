// Argo CD's endpoints: chooses the one that answers a request, and finds the account that asks.
import type { IncomingHttpHeaders } from 'node:http';
import type { Backend } from './backend.ts';
import type { ApplicationRecord } from './cluster.ts';
import type { Exchange, Handler, Outcome } from './exchange.ts';
import { parseFields } from './fields.ts';
import { json, plain, refused, type Refusal } from './http-answers.ts';
import { listAnswer, namespaceIn, projectsIn, revisionMetadata, withApplication } from './queries.ts';
import { parametersIn, paths } from './paths.ts';
import { eventWire, openStream, refuseStream } from './stream.ts';
import { isRefusal, readRollbackBody, readSyncBody, rollback, sync, terminate } from './sync.ts';
import type { Timers } from './timers.ts';

/** The largest request body that is accepted, in bytes. */
export const maxBodyBytes = 4 * 1024 * 1024;

export const tooLarge = refused({ code: 2, message: 'simulated: the body is too large' });

export const noSniff = { 'X-Content-Type-Options': 'nosniff' };

/** The account that sends the request, or the message with which Argo CD refuses it. */
export type Authenticate = (
  headers: IncomingHttpHeaders,
) => { account: { name: string } } | { problem: string };

export interface ApiParts {
  readonly backend: Backend;
  /** The version that `/api/version` returns. */
  version(): string;
  readonly authenticate: Authenticate;
  readonly timers: Timers;
  readonly keepAliveMs: number;
}

interface Call {
  readonly exchange: Exchange;
  readonly account: string;
  readonly parameters: readonly string[];
}

interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly pattern: RegExp;
  answer(call: Call): Outcome | Promise<Outcome>;
}

/** Accepts only this token, which may do everything. */
export function onlyToken(token: string): Authenticate {
  return ({ authorization = '' }) => {
    if (authorization === `Bearer ${token}`) return { account: { name: 'release-button' } };
    const given = authorization.startsWith('Bearer ');
    return { problem: given ? 'invalid session: signature is invalid' : 'no session information' };
  };
}

export function createApi(parts: ApiParts): Handler {
  const { backend, version, authenticate, timers, keepAliveMs } = parts;
  const about = ({ parameters: [name = ''], exchange: { query } }: Call) => ({
    name,
    namespace: namespaceIn(query),
  });

  /** Reads the body of a request about an application, and passes both to `answer`. */
  const withBody =
    <Body extends { readonly appNamespace: string }>(
      read: (text: string) => Body | Refusal,
      answer: (record: ApplicationRecord, account: string, body: Body) => Outcome | Promise<Outcome>,
    ): Endpoint['answer'] =>
    async ({ exchange, account, parameters: [name = ''] }) => {
      const text = await exchange.body(maxBodyBytes);
      if (text === undefined) return tooLarge;
      const body = read(text);
      if (isRefusal(body)) return refused(body);
      const named = { name, namespace: body.appNamespace };
      return withApplication(backend, named, (record) => answer(record, account, body));
    };

  const endpoints: readonly Endpoint[] = [
    {
      method: 'GET',
      pattern: paths.applications,
      answer({ exchange: { query } }) {
        const projects = projectsIn(query);
        return listAnswer(
          backend,
          ({ spec }) => projects.length === 0 || projects.includes(spec.project),
          parseFields(query.get('fields')),
        );
      },
    },
    {
      method: 'GET',
      pattern: paths.application,
      answer: (call) =>
        withApplication(backend, about(call), async (record) => {
          const refresh = call.exchange.query.get('refresh');
          if (!refresh) return json(record.object);
          return json(await backend.controller.refresh(record, refresh === 'hard' ? 'hard' : 'normal'));
        }),
    },
    {
      method: 'POST',
      pattern: paths.sync,
      answer: withBody(readSyncBody, (record, account, body) => sync(backend, record, account, body)),
    },
    {
      method: 'POST',
      pattern: paths.rollback,
      answer: withBody(readRollbackBody, (record, account, { id }) => rollback(backend, record, account, id)),
    },
    {
      method: 'DELETE',
      pattern: paths.operation,
      answer: (call) => withApplication(backend, about(call), (record) => terminate(backend, record)),
    },
    {
      method: 'GET',
      pattern: paths.syncWindows,
      answer: () => json({ canSync: true }),
    },
    {
      method: 'GET',
      pattern: paths.revisionMetadata,
      answer: (call) =>
        withApplication(backend, about(call), (record) => {
          const index = Number(call.exchange.query.get('sourceIndex') ?? 0);
          return revisionMetadata(backend, record, call.parameters[1] ?? '', index);
        }),
    },
    {
      method: 'GET',
      pattern: paths.project,
      answer: ({ parameters: [name = ''] }) => json({ metadata: { name, namespace: 'argocd' }, spec: {} }),
    },
    {
      method: 'GET',
      pattern: paths.globalProjects,
      answer: () => json({}),
    },
    {
      method: 'GET',
      pattern: paths.canI,
      answer: () => json({ value: 'yes' }),
    },
  ];

  return (exchange, next) => {
    const { method, path, request, response } = exchange;
    if (path === '/healthz') return plain(200, 'ok\n');
    if (method === 'GET' && paths.version.test(path)) return json({ Version: version() });
    const authentication = authenticate(request.headers);
    const account = 'account' in authentication ? authentication.account.name : undefined;
    if (method === 'GET' && paths.userInfo.test(path))
      return json(account === undefined ? {} : { loggedIn: true, username: account, iss: 'argocd' });
    const atPath = endpoints.filter(({ pattern }) => pattern.test(path));
    const endpoint = atPath.find((each) => each.method === method);
    const isStream = method === 'GET' && paths.stream.test(path);
    if (endpoint === undefined && !isStream) {
      const exists = atPath.length > 0 || paths.stream.test(path);
      return exists ? plain(405, 'Method Not Allowed\n', noSniff) : next();
    }
    const refusal = { code: 16, message: 'problem' in authentication ? authentication.problem : '' };
    if (isStream) {
      const wire = eventWire(response);
      if (account === undefined) refuseStream(exchange, wire, refusal);
      else openStream(exchange, wire, { source: backend.cluster, timers, keepAliveMs });
      return 'handled';
    }
    if (endpoint === undefined) return next();
    if (account === undefined) return refused(refusal);
    return endpoint.answer({
      exchange,
      account,
      parameters: parametersIn(path, endpoint.pattern) ?? [],
    });
  };
}
