// From the description of an application to its first object.
import { randomUUID } from 'node:crypto';
import { controlPlaneNamespace, timestamp } from './application.ts';
import type { HistoryEntry, Initiator, OperationState } from './application.ts';
import type { ApplicationRecord } from './cluster.ts';
import { compared, desired, headsOf, resourceKey, resourcesOf } from './comparison.ts';
import type { Repositories } from './repositories.ts';
import type { ApplicationDescription, Source } from './world-description.ts';

export function createApplication(
  description: ApplicationDescription,
  repositories: Repositories,
  now: number,
): ApplicationRecord {
  const { name, namespace } = description;
  const created = description.createdAt ?? timestamp(now);
  const source: Source = description.source ?? {
    repoURL: `https://git.example.com/demo/${name}.git`,
    path: 'deploy',
    targetRevision: 'main',
  };
  const automated = description.automated ? { automated: { prune: false, selfHeal: false } } : undefined;
  const syncPolicy = description.syncPolicy ?? automated;
  const record: ApplicationRecord = {
    behaviour: description,
    live: new Map(),
    object: {
      metadata: {
        name,
        namespace,
        uid: description.uid ?? randomUUID(),
        resourceVersion: '0',
        generation: 0,
        creationTimestamp: created,
        ...(description.deletedAt === undefined ? {} : { deletionTimestamp: description.deletedAt }),
        ...(description.labels ? { labels: description.labels } : {}),
        ...(description.annotations ? { annotations: description.annotations } : {}),
      },
      spec: {
        ...(description.sources ? { sources: description.sources } : { source }),
        destination: description.destination ?? {
          server: 'https://kubernetes.default.svc',
          namespace: 'default',
        },
        project: description.project ?? 'default',
        ...(syncPolicy ? { syncPolicy } : {}),
      },
      status: {
        sync: { status: 'Unknown' },
        health: { status: 'Unknown', lastTransitionTime: description.healthSince ?? created },
        summary: {},
        sourceHydrator: {},
      },
    },
  };
  if (description.projectMissing) return record;
  deploy(record, description, repositories, created);
  return record;
}

function deploy(
  record: ApplicationRecord,
  description: ApplicationDescription,
  repositories: Repositories,
  created: string,
): void {
  const heads = headsOf(record, repositories);
  const deployed = description.deployed === undefined ? heads : description.deployed;
  if (deployed) {
    for (const resource of resourcesOf(record)) {
      record.live.set(resourceKey(resource), desired(record, resource, deployed, repositories));
    }
    for (const key of description.edited ?? []) record.live.set(key, 'edited in the cluster');
  }
  const since = description.healthSince ?? created;
  const status = compared(record, description.shown ?? heads, repositories, since);
  const history = historyOf(record, description, deployed, created);
  const last = history.at(-1);
  const operationState = description.operationState ?? (last && succeeded(last));
  record.object = {
    ...record.object,
    status: {
      ...status,
      ...(history.length > 0 ? { history } : {}),
      reconciledAt: description.reconciledAt ?? created,
      ...(operationState ? { operationState } : {}),
      resourceHealthSource: 'appTree',
      controllerNamespace: controlPlaneNamespace,
    },
  };
}

function historyOf(
  record: ApplicationRecord,
  description: ApplicationDescription,
  deployed: readonly string[] | null,
  created: string,
): HistoryEntry[] {
  const entries = description.history ?? (deployed ? [{ id: 0, revisions: [...deployed] }] : []);
  return entries.map((entry) =>
    historyEntry(
      record,
      entry.id,
      entry.revisions,
      entry.deployStartedAt ?? created,
      entry.deployedAt ?? created,
      entry.by === undefined ? { automated: true } : { username: entry.by },
    ),
  );
}

export function historyEntry(
  record: ApplicationRecord,
  id: number,
  revisions: readonly string[],
  deployStartedAt: string,
  deployedAt: string,
  initiatedBy: Initiator,
): HistoryEntry {
  const { source, sources } = record.object.spec;
  return {
    ...(sources ? {} : { revision: revisions[0] ?? '' }),
    deployedAt,
    id,
    source: source ?? { repoURL: '' },
    deployStartedAt,
    ...(sources ? { sources, revisions: [...revisions] } : {}),
    initiatedBy,
  };
}

/** The state that the sync behind a history entry left. */
function succeeded(entry: HistoryEntry): OperationState {
  const what = entry.sources
    ? { sources: entry.sources, revisions: entry.revisions ?? [] }
    : { revision: entry.revision ?? '', source: entry.source };
  return {
    operation: { sync: what, initiatedBy: entry.initiatedBy, retry: {} },
    phase: 'Succeeded',
    message: 'successfully synced (all tasks run)',
    syncResult: { revision: entry.revision ?? '', source: entry.source, ...(entry.sources ? what : {}) },
    startedAt: entry.deployStartedAt,
    finishedAt: entry.deployedAt,
  };
}
