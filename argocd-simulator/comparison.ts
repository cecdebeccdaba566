// The application controller's comparison of git with the cluster. Pure.
import { omit, type ApplicationStatus, type ResourceStatus, type SyncStatus } from './application.ts';
import type { ApplicationRecord } from './cluster.ts';
import type { ResourceDescription, Source } from './description.ts';
import type { Repositories } from './repositories.ts';

/** The status after a comparison with `revisions`, one for each source. `progressing`: a rollout is running. */
export type Compare = (
  record: ApplicationRecord,
  revisions: readonly string[],
  now: string,
  progressing?: boolean,
) => ApplicationStatus;

/** The kinds in the simulator whose health Argo CD assesses. */
export const kindsWithHealth: ReadonlySet<string> = new Set([
  'Service',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Ingress',
  'Job',
  'ReplicaSet',
]);
const kindsThatRollOut = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

export function sourcesOf(record: ApplicationRecord): Source[] {
  const { source, sources } = record.object.spec;
  return sources ?? (source ? [source] : []);
}

export function resourceKey(resource: { kind: string; name: string }): string {
  return `${resource.kind}/${resource.name}`;
}

export function resourcesOf(record: ApplicationRecord): ResourceDescription[] {
  const { name, resources } = record.behaviour;
  return (
    resources ?? [
      { kind: 'ConfigMap', name },
      { kind: 'Service', name },
    ]
  );
}

/** The content of a resource once these revisions (one for each source) are deployed. */
export function desired(
  record: ApplicationRecord,
  resource: ResourceDescription,
  revisions: readonly string[],
  repositories: Repositories,
): string {
  const [first] = resourcesOf(record);
  const changes = record.behaviour.changes ?? (first ? [resourceKey(first)] : []);
  if (!changes.includes(resourceKey(resource))) return 'unchanged';
  return sourcesOf(record)
    .map((source, index) => repositories.content(source, revisions[index] ?? ''))
    .join('+');
}

/** The head of the branch, one for each source. */
export function headsOf(record: ApplicationRecord, repositories: Repositories): string[] {
  return sourcesOf(record).map(
    (source) =>
      repositories.resolve(source) ?? source.targetRevision ?? repositories.resolve(source, 'HEAD') ?? '',
  );
}

/** The revisions that the application shows, one for each source. */
export function shownRevisions(record: ApplicationRecord): string[] {
  const { revision, revisions } = record.object.status.sync;
  return revisions ?? (revision === undefined ? [] : [revision]);
}

export function createCompare(repositories: Repositories): Compare {
  return (record, revisions, now, progressing = false) => {
    const { status, spec } = record.object;
    const resources = resourceStatuses(record, revisions, repositories, progressing);
    const outOfSync = resources.some((each) => each.status === 'OutOfSync');
    const health = record.live.size === 0 ? 'Missing' : progressing ? 'Progressing' : 'Healthy';
    const sync: SyncStatus = {
      status: outOfSync ? 'OutOfSync' : 'Synced',
      comparedTo: comparedTo(record),
      ...(spec.sources ? { revisions: [...revisions] } : { revision: revisions[0] ?? '' }),
    };
    return {
      ...omit(omit(omit(status, 'conditions'), 'sourceType'), 'sourceTypes'),
      resources,
      sync,
      health: status.health.status === health ? status.health : { status: health, lastTransitionTime: now },
      ...(spec.sources ? { sourceTypes: spec.sources.map(() => 'Directory') } : { sourceType: 'Directory' }),
    };
  };
}

export function comparedTo({ object: { spec } }: ApplicationRecord): NonNullable<SyncStatus['comparedTo']> {
  return {
    source: spec.source ?? { repoURL: '' },
    destination: spec.destination,
    ...(spec.sources ? { sources: spec.sources } : {}),
  };
}

/** Identifies a resource within its application. */
export function identityOf(record: ApplicationRecord, resource: ResourceDescription) {
  return {
    ...(resource.group ? { group: resource.group } : {}),
    version: resource.version ?? 'v1',
    kind: resource.kind,
    namespace: resource.namespace ?? record.object.spec.destination.namespace ?? 'default',
    name: resource.name,
  };
}

function resourceStatuses(
  record: ApplicationRecord,
  revisions: readonly string[],
  repositories: Repositories,
  progressing: boolean,
): ResourceStatus[] {
  return resourcesOf(record).map((resource): ResourceStatus => {
    const live = record.live.get(resourceKey(resource));
    const status = live === desired(record, resource, revisions, repositories) ? 'Synced' : 'OutOfSync';
    const rolling = progressing && kindsThatRollOut.has(resource.kind);
    const health = live === undefined ? 'Missing' : rolling ? 'Progressing' : 'Healthy';
    const assessed = live === undefined || kindsWithHealth.has(resource.kind);
    return {
      ...identityOf(record, resource),
      status,
      ...(assessed ? { health: { status: health } } : {}),
    };
  });
}

export function rollsOut(record: ApplicationRecord): boolean {
  return resourcesOf(record).some((resource) => kindsThatRollOut.has(resource.kind));
}
