// The part of Argo CD's API that the worker uses. Every failure is an ArgoCdError.
import * as z from 'zod/mini';
import { applicationListSchema, applicationSchema, listedAppSchema } from './application-schema.ts';
import { recordOf } from './record.ts';
import { appPath, named, projectOf, scope } from './app-path.ts';
import { listInPieces } from './list-in-pieces.ts';
import type { AppRecord, ListedApp } from './application.ts';
import { listFields, streamFields } from './field-selection.ts';
import type { ProjectWindow, WindowsOfApp } from './sync-window.ts';
import { createHttp, type HttpOptions } from './http.ts';
import { syncDetailOf, syncDetailSchema, type SyncDetail } from './sync-detail.ts';
import {
  ownSyncPolicyOf,
  ownSyncPolicySchema,
  syncOptionsOf,
  type OwnSyncPolicy,
  type SyncOptions,
} from './sync-options.ts';
import { createSyncRights } from './sync-rights.ts';
import type { StreamRequest } from './stream-request.ts';

export type { StreamRequest };

export interface SyncRequest extends SyncOptions {
  /** the application's own sync policy, to which the options of the request are added; absent: they replace it */
  readonly own?: OwnSyncPolicy;
  readonly revision?: string;
  /** one for each source, in their order */
  readonly revisions?: readonly string[];
  readonly prune: boolean;
  readonly infos: readonly { readonly name: string; readonly value: string }[];
}

export interface AppName {
  readonly namespace: string;
  readonly name: string;
  /** absent if not known; then Argo CD also answers "permission denied" for an application that does not exist */
  readonly project?: string;
}

/** An application whose project is known. Questions about permissions need it. */
export interface AppInProject extends AppName {
  readonly project: string;
}

export interface RevisionMetadata {
  readonly author?: string;
  readonly title?: string;
}

export interface Version {
  readonly version: string;
  /** the server says that it only simulates Argo CD */
  readonly simulated: boolean;
}

export interface Probed extends Version {
  /** the server's clock when it answered, in milliseconds since the epoch, accurate to a second; absent: not sent */
  readonly date?: number;
}

export interface ArgoCd {
  readonly server: string;
  /** what a person can do about a token that Argo CD refuses */
  readonly remedy: string;
  version(): Promise<Version>;
  /**
   * Asks for the version without a token: whether Argo CD answers at all.
   * @param how.timeoutMs a limit shorter than the usual one
   * @param how.once no retries, because the caller asks again anyway
   */
  probe(how?: { readonly timeoutMs?: number; readonly once?: true }): Promise<Probed>;
  /** The account that the token belongs to. Undefined: Argo CD refuses the token. */
  account(): Promise<string | undefined>;
  /** Every application that the account may see, without its `detail`. */
  list(): Promise<readonly ListedApp[]>;
  /** One whole application. With `refresh`, Argo CD answers after a new comparison. */
  get(app: AppName, refresh?: 'normal' | 'hard', timeoutMs?: number): Promise<AppRecord>;
  /**
   * @param ready called once the connection is open, and awaited before anything is sent. If it throws, nothing is sent
   * and the caller gets that error. Called again if Argo CD refuses the token and there is another one.
   */
  sync(app: AppName, request: SyncRequest, ready?: () => Promise<void>): Promise<void>;
  /** Terminates the running operation, whoever started it. Refused as `invalid` if none runs, or if it is still pending. */
  terminate(app: AppName): Promise<void>;
  syncDetail(app: AppName): Promise<SyncDetail>;
  /** The application's own sync options and retries. */
  ownSyncPolicy(app: AppName): Promise<OwnSyncPolicy>;
  maySync(app: AppInProject): Promise<boolean>;
  /** Whether the account may sync all applications of the project. Policies may still deny single applications. */
  maySyncAll(project: string): Promise<boolean>;
  /** Whether the sync windows allow a manual sync now, and the windows that apply to the application. */
  syncWindows(app: AppName): Promise<WindowsOfApp>;
  /**
   * All windows of a project, including those inherited from global projects.
   * @throws ArgoCdError, also when the account may not get the project
   */
  projectWindows(project: string): Promise<readonly ProjectWindow[]>;
  revisionMetadata(app: AppName, revision: string): Promise<RevisionMetadata>;
  /** The event stream. Only an error, the server or `signal` ends it. */
  openStream(signal: AbortSignal): StreamRequest;
  /** Aborts running requests. */
  stop(): void;
}

/** A list of thousands takes longer than a single application. In milliseconds. */
const listTimeoutMs = 30_000;

/** Longest version that is shown, in characters. Argo CD's versions have about 30. */
const versionLength = 100;
const versionSchema = z.object({ Version: z.string() });
const userInfoSchema = z.object({ loggedIn: z.nullish(z.boolean()), username: z.nullish(z.string()) });
/** `{}` (`terminate-ok`) */
const terminatedSchema = z.object({});
const metadataSchema = z.object({ author: z.nullish(z.string()), message: z.nullish(z.string()) });
/** The application with its new operation (`sync-ok-with-infos`). An answer without them does not confirm the sync. */
const acceptedSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.nullish(z.string()) }),
  operation: z.object({}),
});

/** A cache that ignores the query confuses applications of the same name in two namespaces. */
function otherThan(
  app: AppName,
  {
    metadata,
  }: { readonly metadata: { readonly name: string; readonly namespace?: string | null | undefined } },
): string | undefined {
  const namespace = metadata.namespace ?? '';
  const same =
    metadata.name === app.name && (namespace === '' || app.namespace === '' || namespace === app.namespace);
  return same ? undefined : `the application ${namespace}/${metadata.name}`;
}

export function createArgoCd(options: HttpOptions): ArgoCd {
  const { call, server, remedy, openStream, stop } = createHttp(options);

  const askVersion = async (how: {
    readonly anonymous?: true;
    readonly timeoutMs?: number;
    readonly once?: true;
  }): Promise<Probed> => {
    const { answer, simulated, date } = await call({
      name: 'version',
      what: 'ask for the version',
      path: '/api/version',
      schema: versionSchema,
      ...how,
    });
    return {
      version: answer.Version.slice(0, versionLength),
      simulated: simulated || answer.Version.endsWith('+simulated'),
      ...(date === undefined ? {} : { date }),
    };
  };

  return {
    server,
    remedy,
    version: async () => {
      const { version, simulated } = await askVersion({});
      return { version, simulated };
    },
    probe: ({ timeoutMs = options.requestTimeoutMs, ...how } = {}) =>
      askVersion({ anonymous: true, timeoutMs: Math.min(timeoutMs, options.requestTimeoutMs), ...how }),
    account: async () => {
      const { answer } = await call({
        name: 'userinfo',
        what: 'ask whose token it is',
        path: '/api/v1/session/userinfo',
        schema: userInfoSchema,
        // Argo CD answers 200 for a wrong token too: only `loggedIn` tells (`userinfo-expired-token`).
        isRefusal: ({ loggedIn }) => loggedIn !== true,
      });
      return answer.loggedIn === true ? (answer.username ?? '') : undefined;
    },
    list: async () => {
      const { answer } = await call({
        name: 'list',
        what: 'list the applications',
        path: '/api/v1/applications',
        query: { fields: listFields },
        timeoutMs: Math.max(options.requestTimeoutMs, listTimeoutMs),
        schema: applicationListSchema,
        inPieces: (text) => listInPieces(text, listedAppSchema),
      });
      return answer.items ?? [];
    },
    get: async (app, refresh, timeoutMs) => {
      const { answer } = await call({
        name: refresh === undefined ? 'get' : 'refresh',
        what: `${refresh === undefined ? 'get' : 'refresh'} the application ${named(app)}`,
        path: appPath(app),
        query: { ...scope(app), ...(refresh === undefined ? {} : { refresh }) },
        schema: applicationSchema,
        otherThanAsked: (answer) => otherThan(app, answer),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
      return recordOf(answer);
    },
    sync: async (
      app,
      {
        revision,
        revisions = revision === undefined ? undefined : [revision],
        prune,
        infos,
        own,
        ...options
      },
      ready,
    ) => {
      await call({
        name: 'sync',
        what: `sync the application ${named(app)}`,
        path: `${appPath(app)}/sync`,
        body: {
          name: app.name,
          appNamespace: app.namespace,
          ...projectOf(app),
          prune,
          infos,
          ...syncOptionsOf(options, own),
          // A single revision is sent in both forms. An application with `sources`, even with one entry, ignores `revision`
          // (`sync-multi-source-single-revision`). An application with `source` ignores the other two members.
          ...(revision === undefined ? {} : { revision }),
          // Positions count from 1 (`sync-multi-source-position-zero`).
          ...(revisions === undefined
            ? {}
            : { revisions, sourcePositions: revisions.map((_, index) => index + 1) }),
        },
        ready,
        schema: acceptedSchema,
        otherThanAsked: (answer) => otherThan(app, answer),
      });
    },
    terminate: async (app) => {
      await call({
        name: 'terminate',
        what: `terminate the operation of ${named(app)}`,
        method: 'DELETE',
        path: `${appPath(app)}/operation`,
        query: scope(app),
        schema: terminatedSchema,
      });
    },
    ownSyncPolicy: async (app) => {
      const { answer } = await call({
        name: 'get',
        what: `get the application ${named(app)}`,
        path: appPath(app),
        query: scope(app),
        schema: ownSyncPolicySchema,
      });
      return ownSyncPolicyOf(answer);
    },
    syncDetail: async (app) => {
      const { answer } = await call({
        name: 'get',
        what: `get the application ${named(app)}`,
        path: appPath(app),
        query: scope(app),
        schema: syncDetailSchema,
      });
      return syncDetailOf(answer);
    },
    ...createSyncRights(call),
    revisionMetadata: async (app, revision) => {
      const { answer } = await call({
        name: 'revision-metadata',
        what: `ask for the commit ${revision}`,
        path: `${appPath(app)}/revisions/${encodeURIComponent(revision)}/metadata`,
        query: scope(app),
        schema: metadataSchema,
      });
      const title = answer.message?.split('\n')[0]?.slice(0, 200);
      return {
        ...(typeof answer.author === 'string' ? { author: answer.author.slice(0, 200) } : {}),
        ...(title === undefined ? {} : { title }),
      };
    },
    openStream: (signal) => openStream(streamFields, signal),
    stop,
  };
}
