// The effect of a sync on the resources, and Argo CD's words for it. Pure.
import type { Operation, ResourceResult, SyncResult } from './application.ts';
import type { ApplicationRecord } from './cluster.ts';
import { desired, resourceKey, resourcesOf } from './comparison.ts';
import type { ResourceDescription } from './description.ts';
import type { Repositories } from './repositories.ts';

/** The revisions that an operation deploys, one for each source. */
export function operationRevisions({ sync }: Operation): string[] {
  return sync.revisions ?? (sync.revision === undefined ? [] : [sync.revision]);
}

export function syncResult(operation: Operation, resources?: ResourceResult[]): SyncResult {
  const { revision, source, sources, revisions } = operation.sync;
  return {
    ...(resources && resources.length > 0 ? { resources } : {}),
    revision: revision ?? '',
    source: source ?? { repoURL: '' },
    ...(sources ? { sources, revisions: revisions ?? [] } : {}),
  };
}

/** A resource in the form that the result of an operation has. */
export function resultIdentity(
  record: ApplicationRecord,
  resource: ResourceDescription,
): Omit<ResourceResult, 'message' | 'syncPhase'> {
  return {
    group: resource.group ?? '',
    version: resource.version ?? 'v1',
    kind: resource.kind,
    namespace: resource.namespace ?? record.object.spec.destination.namespace ?? 'default',
    name: resource.name,
  };
}

/** The result rows of a sync that will succeed. Call this before `apply`: it compares with what is in the cluster. */
export function appliedRows(
  record: ApplicationRecord,
  operation: Operation,
  repositories: Repositories,
  resources: readonly ResourceDescription[] = resourcesOf(record),
): ResourceResult[] {
  const revisions = operationRevisions(operation);
  return resources.map((resource) => {
    const live = record.live.get(resourceKey(resource));
    const same = live === desired(record, resource, revisions, repositories);
    const verb = live === undefined ? 'created' : same ? 'unchanged' : 'configured';
    const type = `${resource.kind.toLowerCase()}${resource.group ? `.${resource.group}` : ''}`;
    return {
      ...resultIdentity(record, resource),
      status: 'Synced',
      message: `${type}/${resource.name} ${verb}`,
      hookPhase: 'Running',
      syncPhase: 'Sync',
    };
  });
}

/** Puts the resources of the operation into the cluster. */
export function apply(
  record: ApplicationRecord,
  operation: Operation,
  repositories: Repositories,
  resources: readonly ResourceDescription[] = resourcesOf(record),
): void {
  const revisions = operationRevisions(operation);
  for (const resource of resources) {
    record.live.set(resourceKey(resource), desired(record, resource, revisions, repositories));
  }
}

/** The result row of a failed sync: its first resource, with this message. */
export function failedRow(record: ApplicationRecord, message: string): ResourceResult[] {
  return resourcesOf(record)
    .slice(0, 1)
    .map((resource) => ({
      ...resultIdentity(record, resource),
      status: 'SyncFailed',
      message,
      syncPhase: 'Sync',
    }));
}
