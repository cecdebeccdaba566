// Describes an application as it was when a recorded object was made.
import * as z from 'zod/mini';
import { applications, positionOf, temporaryApplications, type Application } from './recorded-world.ts';

const text = z.optional(z.string());
const revisions = z.optional(z.array(z.string()));

export const recordedApplication = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: text,
    creationTimestamp: text,
    deletionTimestamp: z.optional(z.nullable(z.string())),
    labels: z.optional(z.record(z.string(), z.string())),
    annotations: z.optional(z.record(z.string(), z.string())),
  }),
  status: z.optional(
    z.looseObject({
      sync: z.optional(z.looseObject({ status: text, revision: text, revisions })),
      health: z.optional(z.looseObject({ status: text, lastTransitionTime: text })),
      resources: z.optional(
        z.nullable(
          z.array(
            z.looseObject({
              group: text,
              version: z.string(),
              kind: z.string(),
              namespace: z.string(),
              name: z.string(),
              status: text,
              hook: z.optional(z.boolean()),
              requiresPruning: z.optional(z.boolean()),
            }),
          ),
        ),
      ),
      history: z.optional(
        z.array(
          z.looseObject({
            id: z.number(),
            revision: text,
            revisions,
            deployedAt: z.string(),
            deployStartedAt: z.string(),
            initiatedBy: z.looseObject({ username: text }),
          }),
        ),
      ),
      reconciledAt: text,
      operationState: z.optional(z.looseObject({})),
    }),
  ),
  operation: z.optional(z.looseObject({ sync: z.optional(z.looseObject({ revision: text, revisions })) })),
});

export type RecordedApplication = z.output<typeof recordedApplication>;

export function baseOf(name: string, namespace: string): Application {
  const base = [...applications, ...temporaryApplications].find(
    (each) => each.name === name && (each.namespace ?? 'argocd') === namespace,
  );
  return base ?? { name, namespace, resources: [{ kind: 'ConfigMap', name }] };
}

/** Every commit that the object shows or is about to deploy. */
export function revisionsIn({ status, operation }: RecordedApplication): string[] {
  const mentioned = [status?.sync?.revision, operation?.sync?.revision, ...(status?.sync?.revisions ?? [])];
  return mentioned.filter((each) => each !== undefined).filter((each) => positionOf(each) >= 0);
}

/** The application at that moment. The installation adds what the object does not show. */
export function factsOf(recorded: RecordedApplication): Application {
  const { metadata, status = {} } = recorded;
  const namespace = metadata.namespace ?? (metadata.name === 'search' ? 'team-b' : 'argocd');
  const base = baseOf(metadata.name, namespace);
  const resources = status.resources?.filter((each) => !each.hook && !each.requiresPruning);
  const superfluous = status.resources?.filter((each) => each.requiresPruning);
  const shownRevisions = (status.sync?.revisions ?? [status.sync?.revision ?? '']).filter(
    (each) => each.length === 40,
  );
  const last = status.history?.at(-1);
  const operationState = operationStateOf(status.operationState);
  return {
    ...base,
    namespace,
    ...(metadata.creationTimestamp ? { createdAt: metadata.creationTimestamp } : {}),
    ...(metadata.deletionTimestamp ? { deletedAt: metadata.deletionTimestamp } : {}),
    ...(metadata.labels ? { labels: metadata.labels } : {}),
    ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
    ...(resources && resources.length > 0 ? { resources: resources.map(describe) } : {}),
    ...(superfluous && superfluous.length > 0 ? { pruneNeeded: superfluous.map(describe) } : {}),
    ...(shownRevisions.length > 0 ? { shown: shownRevisions } : {}),
    ...(status.health?.lastTransitionTime ? { healthSince: status.health.lastTransitionTime } : {}),
    ...(status.reconciledAt ? { reconciledAt: status.reconciledAt } : {}),
    ...(operationState ? { operationState } : {}),
    ...deploymentOf(
      recorded,
      base,
      shownRevisions,
      last?.revisions ?? (last?.revision ? [last.revision] : undefined),
    ),
    history: (status.history ?? []).map(
      ({ id, revision, revisions, deployedAt, deployStartedAt, initiatedBy }) => ({
        id,
        revisions: revisions ?? [revision ?? ''],
        deployedAt,
        deployStartedAt,
        ...(initiatedBy.username === undefined ? {} : { by: initiatedBy.username }),
      }),
    ),
  };
}

type RecordedResource = NonNullable<
  NonNullable<NonNullable<RecordedApplication['status']>['resources']>[number]
>;

function describe({ group, version, kind, name, namespace }: RecordedResource) {
  return { ...(group ? { group } : {}), version, kind, name, namespace };
}

/** The content of the cluster, concluded from health, sync status and history. */
function deploymentOf(
  { status }: RecordedApplication,
  base: Application,
  shownRevisions: string[],
  last: string[] | undefined,
): Partial<Application> {
  if (base.projectMissing) return {};
  if (status?.sync?.status === 'Unknown') {
    return { deployed: last ?? null, comparisonError: base.comparisonError ?? comparisonErrorOf(status) };
  }
  if (status?.health?.status === 'Missing') return { deployed: null };
  if (last) return { deployed: last };
  const deployed = shownRevisions.length > 0 ? { deployed: shownRevisions } : {};
  if (status?.sync?.status !== 'OutOfSync') return deployed;
  const different =
    status.resources?.filter((each) => each.status === 'OutOfSync') ?? base.resources?.slice(0, 1) ?? [];
  return { ...deployed, edited: different.map(({ kind, name }) => `${kind}/${name}`) };
}

const withConditions = z.looseObject({ conditions: z.array(z.looseObject({ message: z.string() })) });

function comparisonErrorOf(status: unknown): string {
  const { success, data } = withConditions.safeParse(status);
  const message = success ? (data.conditions[0]?.message ?? '') : '';
  return message.replace('Failed to load target state: failed to generate manifest for source 1 of 1: ', '');
}

const listed = z.looseObject({
  phase: z.string(),
  startedAt: z._default(z.string(), '2026-11-22T10:00:00Z'),
  finishedAt: z.optional(z.nullable(z.string())),
  operation: z.optional(z.looseObject({ sync: z.optional(z.looseObject({})) })),
});

/** A list calls the result of the last operation `sync`; a whole object has both members. */
function operationStateOf(state: unknown): Application['operationState'] {
  const { success, data } = listed.safeParse(state);
  if (!success) return undefined;
  const { finishedAt, ...rest } = data;
  const finished = finishedAt ? { finishedAt } : {};
  const isWhole = 'message' in rest || rest.operation?.['initiatedBy'] !== undefined;
  const result = isWhole || !rest.operation?.sync ? {} : { syncResult: rest.operation.sync };
  return { ...rest, ...finished, ...result };
}
