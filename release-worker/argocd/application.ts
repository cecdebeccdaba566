// The parts of Argo CD's Application object that we read, whole or as a field selection. Everything else is ignored.
import * as z from 'zod/mini';
import type { SyncStatus } from '../../messages/drift.ts';

const text = z.nullish(z.string());
const source = z.nullish(z.object({ repoURL: text, path: text, chart: text, targetRevision: text }));
const revisions = z.nullish(z.array(z.string()));
const info = z.nullish(z.array(z.object({ name: text, value: text })));
const operation = z.nullish(
  z.object({
    info,
    initiatedBy: z.nullish(z.object({ automated: z.nullish(z.boolean()) })),
    sync: z.nullish(
      z.object({
        revision: text,
        revisions,
        dryRun: z.nullish(z.boolean()),
        resources: z.nullish(z.array(z.unknown())),
      }),
    ),
  }),
);

const spec = z.object({
  project: text,
  destination: z.nullish(z.object({ namespace: text, name: text, server: text })),
  source,
  sources: z.nullish(z.array(z.object({ targetRevision: text }))),
  syncPolicy: z.nullish(z.object({ automated: z.nullish(z.object({ enabled: z.nullish(z.boolean()) })) })),
});

export const applicationSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: text,
    labels: z.nullish(z.record(z.string(), z.string())),
    deletionTimestamp: text,
  }),
  spec: z.nullish(spec),
  status: z.nullish(
    z.object({
      sync: z.nullish(z.object({ status: text, revision: text, revisions })),
      health: z.nullish(z.object({ status: text })),
      history: z.nullish(z.array(z.object({ id: z.nullish(z.number()), revision: text, revisions, source }))),
      conditions: z.nullish(z.array(z.object({ type: text, message: text }))),
      resources: z.nullish(z.array(z.object({ group: text, kind: text }))),
      operationState: z.nullish(
        z.object({ phase: text, message: text, startedAt: text, finishedAt: text, operation }),
      ),
    }),
  ),
  operation,
});
export type Application = z.infer<typeof applicationSchema>;

/** Makes small items right away: of 10,000 applications a second copy would be tens of megabytes. */
export const listedAppSchema = z.pipe(applicationSchema, z.transform(listedOf));
export const applicationListSchema = z.object({ items: z.nullish(z.array(listedAppSchema)) });

export const streamEventSchema = z.object({
  result: z.exactOptional(
    z.object({ type: z.exactOptional(z.string()), application: z.exactOptional(applicationSchema) }),
  ),
});

/** Our own infos at an operation, by which a sync is recognised after a crash or a lost answer. */
export interface OperationIds {
  readonly releaseId?: string;
  readonly pressId?: string;
}

/** What is known of an operation. Argo CD's stream tells whose and what it is only until it is over. */
export interface OperationFacts extends OperationIds {
  /** Argo CD's automated sync has begun it */
  readonly automated?: true;
  /** the revision that it deploys, whole; absent: not known, or it does not deploy the whole application */
  readonly deploys?: string;
}

/** Where an application deploys to; what it does not name is empty. */
export interface Destination {
  readonly namespace: string;
  readonly name: string;
  readonly server: string;
}

/** What every list item tells of an application, whatever the version of Argo CD. */
interface AppStatus {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly deleting: boolean;
  /** false for one that Argo CD has never compared yet; its `sync` is `Unknown` too */
  readonly compared: boolean;
  readonly sync: SyncStatus;
  readonly health: string;
  /**
   * The head that the comparison was made with; for several sources joined by `,`. Undefined while it is not known: a
   * list tells it from Argo CD 3.5.0 on, and never that of several sources.
   */
  readonly target: string | undefined;
  /** phase of the last operation; `Pending`: accepted and not yet taken up */
  readonly phase: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What an application is, as somebody has written it down. */
export interface AppSpec {
  /** empty only where Argo CD has sent an application without a specification */
  readonly project: string;
  /** where releases come from, to share what is known of a revision: `<repository URL>` */
  readonly repository: string;
  /** absent: not known */
  readonly destination?: Destination;
  /** number of sources; 1 for the plain kind */
  readonly sources: number;
  /** one Git repository under `source`: no list of sources, be it of one, and no Helm chart */
  readonly plainGit: boolean;
  readonly automated: boolean;
}

/** A list item. A member that the list left out is absent: it is not known, and no value stands for it. */
export interface ListedApp extends AppStatus, Partial<AppSpec> {
  readonly detail?: AppDetail;
}

/** What is kept of an application: what topics, light and release need, and no more. */
export interface AppRecord extends AppStatus, AppSpec {
  /** What a list does not tell; absent until the stream or a whole object has told. */
  readonly detail?: AppDetail;
}

export interface AppDetail {
  /** the newest history entry's revision; for several sources joined by `,` */
  readonly deployed: string;
  /** the newest other revision that was deployed from the same Git repository and path; empty: none */
  readonly previous: string;
  readonly message: string;
  /** the first thing that Argo CD has to say against it, `<type>: <message>`; empty: nothing */
  readonly condition: string;
  /** whether it deploys other applications: known once it has been seen whole, as the stream leaves resources out */
  readonly appOfApps?: boolean;
  /** the operation that runs or ran last */
  readonly operation: OperationFacts;
}

/** Of what Argo CD has against an application so much is kept; its own messages quote whole commands. In characters. */
const conditionLength = 500;

export const infoNames = { releaseId: 'release-id', pressId: 'press-id', button: 'button' } as const;

export function keyOf(app: { readonly namespace: string; readonly name: string }): string {
  return `${app.namespace}/${app.name}`;
}

/** @param app a whole object, or what the stream's selection leaves of one: what is absent there does not exist */
export function recordOf(app: Application): AppRecord {
  const { status } = app;
  const state = status?.operationState;
  const spec = specOf(app);
  const history = status?.history ?? [];
  const deployed = revisionsOf(newest(history));
  return {
    ...statusOf(app),
    project: spec.project ?? '',
    ...(spec.destination === undefined ? {} : { destination: spec.destination }),
    repository: spec.repository ?? '',
    sources: spec.sources ?? 1,
    plainGit: spec.plainGit ?? true,
    automated: spec.automated ?? false,
    detail: {
      deployed,
      previous: spec.plainGit === false ? '' : previousOf(history, deployed, app.spec?.source),
      message: state?.message ?? '',
      condition: conditionOf(status?.conditions),
      // While an operation waits or runs it stands at `operation`, afterwards at the operation state. One without
      // infos is somebody else's: it must not borrow those of the operation before.
      operation: factsOf(app.operation ?? state?.operation),
      ...(Array.isArray(status?.resources) ? { appOfApps: status.resources.some(isApplication) } : {}),
    },
  };
}

function listedOf(app: Application): ListedApp {
  return { ...statusOf(app), ...specOf(app) };
}

/** Whether a list has told what an application must be judged by. */
export function isWholeItem(app: ListedApp): app is AppRecord {
  return (
    app.project !== undefined &&
    app.repository !== undefined &&
    app.sources !== undefined &&
    app.plainGit !== undefined &&
    app.automated !== undefined
  );
}

/** What Argo CD takes an empty project for (`GetProject` of its `ApplicationSpec`). */
const defaultProject = 'default';

function statusOf({ metadata, status, operation }: Application): AppStatus {
  const state = status?.operationState;
  const pending = operation !== null && operation !== undefined && (state?.phase ?? '') === '';
  const target = revisionsOf(status?.sync);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    labels: metadata.labels ?? {},
    deleting: typeof metadata.deletionTimestamp === 'string',
    compared: (status?.sync?.status ?? '') !== '',
    sync: syncStatusOf(status?.sync?.status),
    health: orUnknown(status?.health?.status),
    target: target === '' ? undefined : target,
    phase: pending ? 'Pending' : (state?.phase ?? ''),
    startedAt: state?.startedAt ?? '',
    finishedAt: state?.finishedAt ?? '',
  };
}

/** A member without a value is left out of a specification; a specification that is left out is not known. */
function specOf({ spec }: Application): Partial<AppSpec> {
  if (spec === null || spec === undefined) return {};
  const sources = spec.sources?.length ?? 0;
  const automated = spec.syncPolicy?.automated;
  return {
    project: spec.project || defaultProject,
    ...(spec.destination === null || spec.destination === undefined
      ? {}
      : { destination: destinationOf(spec.destination) }),
    repository: spec.source?.repoURL ?? '',
    sources: Math.max(1, sources),
    plainGit: sources === 0 && (spec.source?.chart ?? '') === '',
    automated: automated !== null && automated !== undefined && automated.enabled !== false,
  };
}

function destinationOf({
  namespace,
  name,
  server,
}: {
  readonly [Member in keyof Destination]?: string | null | undefined;
}): Destination {
  return { namespace: namespace ?? '', name: name ?? '', server: server ?? '' };
}

export function newest<Entry extends { readonly id?: number | null | undefined }>(
  history: readonly Entry[],
): Entry | undefined {
  // Ids only grow; the order is not relied upon.
  let found: Entry | undefined;
  for (const entry of history) if (found === undefined || (entry.id ?? 0) > (found.id ?? 0)) found = entry;
  return found;
}

type HistoryEntry = NonNullable<NonNullable<NonNullable<Application['status']>['history']>[number]>;

/** An entry from elsewhere (the application was moved to another repository or path) is nothing to go back to. */
function previousOf(
  history: readonly HistoryEntry[],
  deployed: string,
  current: z.infer<typeof source>,
): string {
  const others = history.filter(
    (entry) =>
      entry.source?.repoURL === current?.repoURL &&
      entry.source?.path === current?.path &&
      (entry.source?.chart ?? '') === '' &&
      revisionsOf(entry) !== deployed,
  );
  return revisionsOf(newest(others));
}

/** Errors come before warnings, by the end of their type's name; both are Argo CD's words. */
function conditionOf(conditions: NonNullable<Application['status']>['conditions']): string {
  const all = conditions ?? [];
  const first = all.find(({ type }) => type?.endsWith('Error') === true) ?? all[0];
  return first === undefined ? '' : `${first.type ?? ''}: ${first.message ?? ''}`.slice(0, conditionLength);
}

function isApplication({
  group,
  kind,
}: {
  readonly group?: string | null | undefined;
  readonly kind?: string | null | undefined;
}): boolean {
  return kind === 'Application' && group === 'argoproj.io';
}

export function revisionsOf(
  where:
    | { readonly revision?: string | null | undefined; readonly revisions?: string[] | null | undefined }
    | null
    | undefined,
): string {
  const several = where?.revisions ?? [];
  return several.length > 0 ? several.join(',') : (where?.revision ?? '');
}

function syncStatusOf(status: string | null | undefined): SyncStatus {
  return status === 'Synced' || status === 'OutOfSync' ? status : 'Unknown';
}

function factsOf(operation: Application['operation']): OperationFacts {
  const { sync } = operation ?? {};
  const deploys = sync?.dryRun === true || (sync?.resources ?? []).length > 0 ? '' : revisionsOf(sync);
  return {
    ...idsOf(operation?.info),
    ...(operation?.initiatedBy?.automated === true ? { automated: true as const } : {}),
    ...(deploys === '' ? {} : { deploys }),
  };
}

function orUnknown(status: string | null | undefined): string {
  return status === null || status === undefined || status === '' ? 'Unknown' : status;
}

export function idsOf(
  infos:
    readonly { name?: string | null | undefined; value?: string | null | undefined }[] | null | undefined,
): OperationIds {
  const value = (name: string) => infos?.find((entry) => entry.name === name)?.value ?? undefined;
  const releaseId = value(infoNames.releaseId);
  const pressId = value(infoNames.pressId);
  return { ...(releaseId === undefined ? {} : { releaseId }), ...(pressId === undefined ? {} : { pressId }) };
}
