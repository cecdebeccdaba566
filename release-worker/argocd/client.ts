// Argo CD's HTTP API as far as we call it, through got. Every failure is an ArgoCdError.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { got, RequestError, TimeoutError } from 'got';
import type { Got } from 'got';
import * as z from 'zod/mini';
import { messageOf } from '../../service/log.ts';
import { applicationListSchema, applicationSchema, recordOf } from './application.ts';
import type { AppRecord } from './application.ts';
import { ArgoCdError, errorFromAnswer, errorFromFailure } from './errors.ts';

export interface ClientOptions {
  /** base URL, with a path where Argo CD runs below one */
  readonly server: string;
  readonly token: string;
  /** PEM certificates of the CA to trust */
  readonly ca?: string;
  /** trust any certificate */
  readonly insecure: boolean;
  /** milliseconds for one unary request in all */
  readonly requestTimeoutMs: number;
  /** after each answer, for metrics; 0: no answer */
  readonly onAnswer?: (call: string, status: number) => void;
}

export interface SyncRequest {
  readonly revision?: string;
  /** of an application with several sources, in their order */
  readonly revisions?: readonly string[];
  readonly prune: boolean;
  readonly infos: readonly { readonly name: string; readonly value: string }[];
}

export interface AppName {
  readonly namespace: string;
  readonly name: string;
  readonly project: string;
}

export interface RevisionMetadata {
  readonly author?: string;
  readonly title?: string;
}

export interface Version {
  readonly version: string;
  /** the server says of itself that it only pretends to be Argo CD */
  readonly simulated: boolean;
}

export interface ArgoCd {
  readonly server: string;
  version(): Promise<Version>;
  /** Whose token it is; undefined where Argo CD does not accept it. */
  account(): Promise<string | undefined>;
  /** Every application that the account may see, without detail. */
  list(): Promise<readonly AppRecord[]>;
  /** One application, whole. With `refresh` the answer comes after a new comparison. */
  get(app: AppName, refresh?: 'normal' | 'hard', timeoutMs?: number): Promise<AppRecord>;
  sync(app: AppName, request: SyncRequest): Promise<void>;
  maySync(app: AppName): Promise<boolean>;
  /** Whether the sync windows allow a manual sync now. */
  windowOpen(app: AppName): Promise<boolean>;
  revisionMetadata(app: AppName, revision: string): Promise<RevisionMetadata>;
  /** The event stream; ends only by an error, the server, or `signal`. */
  openStream(signal: AbortSignal): StreamRequest;
  /** Breaks off what is under way. */
  stop(): void;
}

/** A streaming answer: the first byte may come after minutes, or never. */
export interface StreamRequest extends AsyncIterable<Uint8Array> {
  destroy(): void;
}

/** Field selection of the list. Names outside the recorded set would be silently absent (`list-fields-not-honoured`). */
const listFields = [
  'metadata.resourceVersion',
  'items.metadata.name',
  'items.metadata.namespace',
  'items.metadata.labels',
  'items.metadata.deletionTimestamp',
  'items.spec.project',
  'items.spec.source',
  'items.spec.sources',
  'items.spec.syncPolicy',
  'items.status.sync.status',
  'items.status.sync.revision',
  'items.status.health',
  'items.status.operationState.phase',
  'items.status.operationState.startedAt',
  'items.status.operationState.finishedAt',
  'items.operation.sync',
].join(',');

/** Field selection of the stream; it goes by string prefix, so `sync.revision` brings `revisions` too. */
const streamFields = [
  'type',
  'application.metadata.name',
  'application.metadata.namespace',
  'application.metadata.labels',
  'application.metadata.deletionTimestamp',
  'application.spec.project',
  'application.spec.source',
  'application.spec.sources',
  'application.spec.syncPolicy',
  'application.status.sync.status',
  'application.status.sync.revision',
  'application.status.health.status',
  'application.status.history',
  'application.status.operationState.phase',
  'application.status.operationState.message',
  'application.status.operationState.startedAt',
  'application.status.operationState.finishedAt',
  'application.status.operationState.operation.info',
  'application.operation',
]
  .map((field) => `result.${field}`)
  .join(',');

/** 10,000 applications are some 15 MB with our selection; more than this is not an answer to our question. */
const maximumAnswerBytes = 134_217_728;
const maximumErrorBytes = 65_536;
const connectTimeoutMs = 10_000;

const versionSchema = z.object({ Version: z.string() });
const userInfoSchema = z.object({ loggedIn: z.nullish(z.boolean()), username: z.nullish(z.string()) });
const canISchema = z.object({ value: z.string() });
const windowsSchema = z.object({ canSync: z.nullish(z.boolean()) });
const metadataSchema = z.object({ author: z.nullish(z.string()), message: z.nullish(z.string()) });

interface Call {
  readonly name: string;
  /** in words, for messages: `list the applications` */
  readonly what: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

export function createArgoCd(options: ClientOptions): ArgoCd {
  const { token, insecure, requestTimeoutMs, onAnswer } = options;
  const server = options.server.replace(/\/+$/, '');
  const agent = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 20 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 20 }),
  };
  const http: Got = got.extend({
    agent,
    followRedirect: false,
    throwHttpErrors: false,
    decompress: true,
    retry: { limit: 0 },
    https: {
      rejectUnauthorized: !insecure,
      ...(options.ca === undefined ? {} : { certificateAuthority: options.ca }),
    },
    headers: { accept: 'application/json', 'user-agent': 'release-button' },
  });
  const closing = new AbortController();
  const authorization = { authorization: `Bearer ${token}` };

  const call = async <Answer>(request: Call, schema: z.ZodMiniType<Answer>): Promise<[Answer, boolean]> => {
    const { what, body } = request;
    const limit = new AbortController();
    const signal = AbortSignal.any([limit.signal, closing.signal]);
    let response;
    try {
      const pending = http(`${server}${request.path}`, {
        method: body === undefined ? 'GET' : 'POST',
        signal,
        headers: {
          ...authorization,
          // Must be exactly this: a charset parameter is answered with 415 (`sync-content-type-charset`).
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        timeout: {
          lookup: connectTimeoutMs,
          connect: connectTimeoutMs,
          secureConnect: connectTimeoutMs,
          request: request.timeoutMs ?? requestTimeoutMs,
        },
        ...(request.query === undefined ? {} : { searchParams: { ...request.query } }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      void pending.on('downloadProgress', ({ transferred }) => {
        if (transferred > maximumAnswerBytes) limit.abort();
      });
      response = await pending;
    } catch (error) {
      onAnswer?.(request.name, 0);
      throw failure(what, server, error);
    }
    onAnswer?.(request.name, response.statusCode);
    const contentType = response.headers['content-type'] ?? '';
    if (response.statusCode !== 200)
      throw errorFromAnswer(what, server, {
        status: response.statusCode,
        contentType,
        body: response.body.slice(0, maximumErrorBytes),
      });
    return [parseAnswer(response.body, schema, what, server), response.headers['x-simulated'] !== undefined];
  };

  const appPath = (app: AppName) => `/api/v1/applications/${encodeURIComponent(app.name)}`;
  const scope = (app: AppName) => ({ appNamespace: app.namespace, project: app.project });
  const named = (app: AppName) => `${app.namespace}/${app.name}`;

  return {
    server,
    version: async () => {
      const [answer, simulated] = await call(
        { name: 'version', what: 'ask for the version', path: '/api/version' },
        versionSchema,
      );
      return { version: answer.Version, simulated };
    },
    account: async () => {
      const [answer] = await call(
        { name: 'userinfo', what: 'ask whose token it is', path: '/api/v1/session/userinfo' },
        userInfoSchema,
      );
      // 200 also for a wrong token: only `loggedIn` tells (`userinfo-expired-token`).
      return answer.loggedIn === true ? (answer.username ?? '') : undefined;
    },
    list: async () => {
      const [answer] = await call(
        {
          name: 'list',
          what: 'list the applications',
          path: '/api/v1/applications',
          query: { fields: listFields },
          timeoutMs: Math.max(requestTimeoutMs, 30_000),
        },
        applicationListSchema,
      );
      return (answer.items ?? []).map((app) => recordOf(app, false));
    },
    get: async (app, refresh, timeoutMs) => {
      const [answer] = await call(
        {
          name: refresh === undefined ? 'get' : 'refresh',
          what: `${refresh === undefined ? 'get' : 'refresh'} the application ${named(app)}`,
          path: appPath(app),
          query: { ...scope(app), ...(refresh === undefined ? {} : { refresh }) },
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        },
        applicationSchema,
      );
      return recordOf(answer, true);
    },
    sync: async (app, request) => {
      const { revision, revisions, prune, infos } = request;
      await call(
        {
          name: 'sync',
          what: `sync the application ${named(app)}`,
          path: `${appPath(app)}/sync`,
          body: {
            name: app.name,
            appNamespace: app.namespace,
            project: app.project,
            prune,
            infos,
            ...(revision === undefined ? {} : { revision }),
            ...(revisions === undefined
              ? {}
              : // Positions count from 1 (`sync-multi-source-position-zero`).
                { revisions, sourcePositions: revisions.map((_, index) => index + 1) }),
          },
        },
        z.object({}),
      );
    },
    maySync: async (app) => {
      const [answer] = await call(
        {
          name: 'can-i',
          what: `ask whether it may sync ${named(app)}`,
          path: `/api/v1/account/can-i/applications/sync/${encodeURIComponent(app.project)}/${encodeURIComponent(app.name)}`,
        },
        canISchema,
      );
      return answer.value === 'yes';
    },
    windowOpen: async (app) => {
      const [answer] = await call(
        {
          name: 'syncwindows',
          what: `ask for the sync windows of ${named(app)}`,
          path: `${appPath(app)}/syncwindows`,
          query: scope(app),
        },
        windowsSchema,
      );
      return answer.canSync !== false;
    },
    revisionMetadata: async (app, revision) => {
      const [answer] = await call(
        {
          name: 'revision-metadata',
          what: `ask for the commit ${revision}`,
          path: `${appPath(app)}/revisions/${encodeURIComponent(revision)}/metadata`,
          query: scope(app),
        },
        metadataSchema,
      );
      const title = answer.message?.split('\n')[0]?.slice(0, 200);
      return {
        ...(typeof answer.author === 'string' ? { author: answer.author.slice(0, 200) } : {}),
        ...(title === undefined ? {} : { title }),
      };
    },
    openStream: (signal) => {
      const what = 'open the event stream';
      const stream = http.stream(`${server}/api/v1/stream/applications`, {
        signal,
        headers: { ...authorization, accept: 'text/event-stream' },
        searchParams: { fields: streamFields },
        // No time-out for the answer: headers come with the first event (`stream-idle-sse-resource-version`).
        timeout: { lookup: connectTimeoutMs, connect: connectTimeoutMs, secureConnect: connectTimeoutMs },
      });
      const chunks = async function* (): AsyncGenerator<Uint8Array> {
        try {
          let status: number | undefined;
          let body = '';
          for await (const chunk of stream) {
            const bytes: unknown = chunk;
            if (!(bytes instanceof Uint8Array)) continue;
            if (status === undefined) {
              status = stream.response?.statusCode ?? 0;
              onAnswer?.('stream', status);
            }
            if (status === 200 && isEventStream(stream.response?.headers['content-type'])) yield bytes;
            else if (body.length < maximumErrorBytes) body += Buffer.from(bytes).toString('utf8');
            else break;
          }
          const contentType = stream.response?.headers['content-type'] ?? '';
          status ??= stream.response?.statusCode ?? 0;
          if (status !== 200) throw errorFromAnswer(what, server, { status, contentType, body });
          if (!isEventStream(contentType)) throw notArgoCd(what, server);
        } catch (error) {
          throw error instanceof ArgoCdError ? error : failure(what, server, error);
        } finally {
          stream.destroy();
        }
      };
      return { [Symbol.asyncIterator]: chunks, destroy: () => void stream.destroy() };
    },
    stop: () => {
      closing.abort();
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}

function isEventStream(contentType: string | undefined): boolean {
  return contentType?.startsWith('text/event-stream') === true;
}

function parseAnswer<Answer>(
  body: string,
  schema: z.ZodMiniType<Answer>,
  what: string,
  server: string,
): Answer {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw notArgoCd(what, server);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw notArgoCd(what, server);
}

function notArgoCd(what: string, server: string): ArgoCdError {
  return new ArgoCdError({
    kind: 'not-argocd',
    message: `could not ${what}: what ${server} answers is not Argo CD's. Check argocd.server (ARGOCD_SERVER), and its path where Argo CD runs below one (--rootpath)`,
  });
}

function failure(what: string, server: string, error: unknown): ArgoCdError {
  if (error instanceof TimeoutError)
    return errorFromFailure(what, server, { code: error.code, message: error.message, phase: error.event });
  if (error instanceof RequestError)
    return errorFromFailure(what, server, { code: error.code, message: error.message });
  return errorFromFailure(what, server, { code: '', message: messageOf(error) });
}
