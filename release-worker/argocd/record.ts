// Converts Argo CD's Application object into the worker's record of the application.
import type { SyncStatus } from '../../messages/drift.ts';
import { infoNames } from './application.ts';
import type {
  AppRecord,
  AppSpec,
  AppStatus,
  Destination,
  ListedApp,
  OperationFacts,
  OperationIds,
} from './application.ts';
import type { Application } from './application-schema.ts';

/** Longest condition that is kept, in characters. Argo CD's messages quote whole commands. */
const conditionLength = 500;

/** @param app a whole object, or the stream's selection of one: a member that is absent does not exist */
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
      // A waiting or running operation is in `operation`, later in the operation state. An operation without info entries
      // belongs to somebody else: it must not get those of the previous operation.
      operation: factsOf(app.operation ?? state?.operation),
      ...(Array.isArray(status?.resources) ? { appOfApps: status.resources.some(isApplication) } : {}),
    },
  };
}

export function listedOf(app: Application): ListedApp {
  return { ...statusOf(app), ...specOf(app) };
}

/** How Argo CD reads an empty project. Source: `GetProject` of its `ApplicationSpec`. */
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

/** A specification has no members for empty values. If the whole specification is absent, it is not known. */
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
  // Ids only grow. Nothing guarantees the order of the entries.
  let found: Entry | undefined;
  for (const entry of history) if (found === undefined || (entry.id ?? 0) > (found.id ?? 0)) found = entry;
  return found;
}

type HistoryEntry = NonNullable<NonNullable<NonNullable<Application['status']>['history']>[number]>;

/** Skips entries of another repository or path: after the application was moved, they are no versions to go back to. */
function previousOf(
  history: readonly HistoryEntry[],
  deployed: string,
  current: NonNullable<Application['spec']>['source'],
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

/** Errors come before warnings. Argo CD's error types end in `Error`. */
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
