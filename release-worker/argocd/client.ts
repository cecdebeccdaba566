// Argo CD's API as far as we call it. Every failure is an ArgoCdError.
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
  /** what the application has of its own, to be kept; absent: the options of the request take its place */
  readonly own?: OwnSyncPolicy;
  readonly revision?: string;
  /** of an application with several sources, in their order */
  readonly revisions?: readonly string[];
  readonly prune: boolean;
  readonly infos: readonly { readonly name: string; readonly value: string }[];
}

export interface AppName {
  readonly namespace: string;
  readonly name: string;
  /** absent while it is not known; Argo CD then says "permission denied" also of what does not exist */
  readonly project?: string;
}

/** An application of which the project is known, as questions about permission need it. */
export interface AppInProject extends AppName {
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

export interface Probed extends Version {
  /** the server's clock when it answered, in milliseconds since the epoch, to the second; where it says so */
  readonly date?: number;
}

export interface ArgoCd {
  readonly server: string;
  /** what a person does about a token that is not accepted */
  readonly remedy: string;
  version(): Promise<Version>;
  /**
   * The same without a token: whether Argo CD is there at all, whatever it thinks of us.
   * @param how.timeoutMs where less than the usual time counts
   * @param how.once whoever asks does so again anyway
   */
  probe(how?: { readonly timeoutMs?: number; readonly once?: true }): Promise<Probed>;
  /** Whose token it is; undefined where Argo CD does not accept it. */
  account(): Promise<string | undefined>;
  /** Every application that the account may see, without detail. */
  list(): Promise<readonly ListedApp[]>;
  /** One application, whole. With `refresh` the answer comes after a new comparison. */
  get(app: AppName, refresh?: 'normal' | 'hard', timeoutMs?: number): Promise<AppRecord>;
  /**
   * @param ready called once the connection stands, and awaited right before anything goes out; what it throws is
   * thrown, and nothing was sent. Called anew where Argo CD has refused the token and there is another.
   */
  sync(app: AppName, request: SyncRequest, ready?: () => Promise<void>): Promise<void>;
  /** Ends the operation that runs, whoever's it is. Refused as `invalid` where none runs, or it is not taken up yet. */
  terminate(app: AppName): Promise<void>;
  syncDetail(app: AppName): Promise<SyncDetail>;
  /** The sync options and retries that the application has of its own. */
  ownSyncPolicy(app: AppName): Promise<OwnSyncPolicy>;
  maySync(app: AppInProject): Promise<boolean>;
  /** Whether it may sync every application of the project, but for those that a policy denies one by one. */
  maySyncAll(project: string): Promise<boolean>;
  /** Whether the sync windows let a manual sync through now, and which are about the application. */
  syncWindows(app: AppName): Promise<WindowsOfApp>;
  /**
   * All windows of a project, those that it inherits from global projects included.
   * @throws ArgoCdError also where the account may not get the project
   */
  projectWindows(project: string): Promise<readonly ProjectWindow[]>;
  revisionMetadata(app: AppName, revision: string): Promise<RevisionMetadata>;
  /** The event stream; ends only by an error, the server, or `signal`. */
  openStream(signal: AbortSignal): StreamRequest;
  /** Breaks off what is under way. */
  stop(): void;
}

/** A list of thousands takes longer than one application. In milliseconds. */
const listTimeoutMs = 30_000;

/** Of a version so much is shown; Argo CD's have some 30. In characters. */
const versionLength = 100;
const versionSchema = z.object({ Version: z.string() });
const userInfoSchema = z.object({ loggedIn: z.nullish(z.boolean()), username: z.nullish(z.string()) });
/** `{}` (`terminate-ok`) */
const terminatedSchema = z.object({});
const metadataSchema = z.object({ author: z.nullish(z.string()), message: z.nullish(z.string()) });
/** The application with its new operation (`sync-ok-with-infos`). Less is not Argo CD's yes. */
const acceptedSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.nullish(z.string()) }),
  operation: z.object({}),
});

/** A cache in between that does not look at the query mixes up applications of one name in two namespaces. */
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
        // 200 also for a wrong token: only `loggedIn` tells (`userinfo-expired-token`).
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
          // A single revision goes out both ways: an application with `sources`, be it one, ignores `revision`
          // (`sync-multi-source-single-revision`), and one with `source` ignores the other two.
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
