// Makes the first object of an application from its description.
import { randomUUID } from 'node:crypto';
import {
  controlPlaneNamespace,
  timestamp,
  type HistoryEntry,
  type Initiator,
  type OperationState,
} from './application.ts';
import type { ApplicationRecord } from './cluster.ts';
import { desired, headsOf, resourceKey, resourcesOf, type Compare } from './comparison.ts';
import type { ApplicationDescription } from './description.ts';
import type { Repositories } from './repositories.ts';

/** The policy for automated syncs in the form that Argo CD stores. */
export const automatedSync = { automated: { prune: false, selfHeal: false } };

export function createApplication(
  description: ApplicationDescription,
  parts: { repositories: Repositories; compare: Compare },
  now: number,
): ApplicationRecord {
  const record = uncompared(description, now);
  deploy(record, description, parts);
  return record;
}

/** The application before its first comparison and first deployment. */
export function uncompared(description: ApplicationDescription, now: number): ApplicationRecord {
  const { name, namespace = controlPlaneNamespace, sources } = description;
  const created = description.createdAt ?? timestamp(now);
  const source = description.source ?? {
    repoURL: `https://git.example.com/demo/${name}.git`,
    path: 'deploy',
    targetRevision: 'main',
  };
  return {
    behaviour: description,
    live: new Map(),
    object: {
      metadata: {
        name,
        namespace,
        uid: randomUUID(),
        resourceVersion: '0',
        generation: 0,
        creationTimestamp: created,
        ...(description.labels ? { labels: description.labels } : {}),
      },
      spec: {
        ...(sources ? { sources } : { source }),
        destination: description.destination ?? {
          server: 'https://kubernetes.default.svc',
          namespace: 'default',
        },
        project: description.project ?? 'default',
        ...(description.automated ? { syncPolicy: automatedSync } : {}),
      },
      status: {
        sync: { status: 'Unknown' },
        health: { status: 'Unknown', lastTransitionTime: created },
        summary: {},
        sourceHydrator: {},
      },
    },
  };
}

/** Puts the deployed resources into the cluster, and compares for the first time. */
export function deploy(
  record: ApplicationRecord,
  { deployed: wanted, history: described }: Pick<ApplicationDescription, 'deployed' | 'history'>,
  { repositories, compare }: { repositories: Repositories; compare: Compare },
): void {
  const heads = headsOf(record, repositories);
  const deployed = wanted === undefined ? heads : wanted;
  for (const resource of deployed ? resourcesOf(record) : []) {
    record.live.set(resourceKey(resource), desired(record, resource, deployed ?? [], repositories));
  }
  const created = record.object.metadata.creationTimestamp;
  const entries = described ?? (deployed ? [{ id: 0, revisions: deployed }] : []);
  const history = entries.map((entry) =>
    historyEntry(record, {
      id: entry.id,
      revisions: entry.revisions,
      startedAt: entry.deployStartedAt ?? created,
      now: entry.deployedAt ?? created,
      by: entry.by === undefined ? { automated: true } : { username: entry.by },
    }),
  );
  const last = history.at(-1);
  const status = compare(record, heads, created);
  record.object = {
    ...record.object,
    status: {
      ...status,
      ...(history.length > 0 ? { history } : {}),
      reconciledAt: created,
      ...(last ? { operationState: succeeded(last) } : {}),
      resourceHealthSource: 'appTree',
      controllerNamespace: controlPlaneNamespace,
    },
  };
}

export function historyEntry(
  record: ApplicationRecord,
  entry: { id: number; revisions: readonly string[]; startedAt: string; now: string; by: Initiator },
): HistoryEntry {
  const { source, sources } = record.object.spec;
  const { id, revisions, startedAt, now, by } = entry;
  return {
    ...(sources ? {} : { revision: revisions[0] ?? '' }),
    deployedAt: now,
    id,
    source: source ?? { repoURL: '' },
    deployStartedAt: startedAt,
    ...(sources ? { sources, revisions: [...revisions] } : {}),
    initiatedBy: by,
  };
}

/** The operation state that the sync of this history entry left behind. */
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
