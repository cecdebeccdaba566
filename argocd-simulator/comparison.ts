// What the application controller finds when it compares git with the cluster. Pure.
import type { ApplicationStatus, ResourceStatus, SyncStatus } from './application.ts';
import { omit } from './application.ts';
import type { ApplicationRecord } from './cluster.ts';
import type { Repositories } from './repositories.ts';
import type { ResourceDescription, Source } from './world-description.ts';

/** Kinds whose health Argo CD assesses, as far as the simulator has them. */
const kindsWithHealth = new Set([
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

/** What a resource is when these revisions (one a source) are deployed. */
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

/** The head of the branch, one a source. */
export function headsOf(record: ApplicationRecord, repositories: Repositories): string[] {
  return sourcesOf(record).map(
    (source) =>
      repositories.resolve(source) ?? source.targetRevision ?? repositories.resolve(source, 'HEAD') ?? '',
  );
}

/** The revisions the application shows, one a source. */
export function shownRevisions(record: ApplicationRecord): string[] {
  const { revision, revisions } = record.object.status.sync;
  return revisions ?? (revision === undefined ? [] : [revision]);
}

/** The status after a comparison with `revisions`. `progressing`: a rollout is on its way. */
export function compared(
  record: ApplicationRecord,
  revisions: readonly string[],
  repositories: Repositories,
  now: string,
  progressing = false,
): ApplicationStatus {
  const { object, behaviour } = record;
  const { status, spec } = object;
  const comparedTo = {
    source: spec.source ?? { repoURL: '' },
    destination: spec.destination,
    ...(spec.sources ? { sources: spec.sources } : {}),
  };
  if (typeof behaviour.comparisonError === 'string') return unknown(record, comparedTo, now);
  const resources = resourceStatuses(record, revisions, repositories, progressing);
  const outOfSync = resources.some((each) => each.status === 'OutOfSync');
  const health =
    record.live.size === 0 ? 'Missing' : progressing ? 'Progressing' : (behaviour.health ?? 'Healthy');
  const sync: SyncStatus = {
    status: outOfSync ? 'OutOfSync' : 'Synced',
    comparedTo,
    ...(spec.sources ? { revisions: [...revisions] } : { revision: revisions[0] ?? '' }),
  };
  return {
    ...omit(omit(omit(status, 'conditions'), 'sourceType'), 'sourceTypes'),
    resources,
    sync,
    health: status.health.status === health ? status.health : { status: health, lastTransitionTime: now },
    ...(spec.sources ? { sourceTypes: spec.sources.map(() => 'Directory') } : { sourceType: 'Directory' }),
  };
}

/** Manifests cannot be generated: the status is unknown, and the revision stays the branch name. */
function unknown(
  record: ApplicationRecord,
  comparedTo: NonNullable<SyncStatus['comparedTo']>,
  now: string,
): ApplicationStatus {
  const { status } = record.object;
  const [source] = sourcesOf(record);
  const message = `Failed to load target state: failed to generate manifest for source 1 of 1: ${record.behaviour.comparisonError ?? ''}`;
  const known = status.conditions?.find((each) => each.message === message);
  // What is in the cluster has nothing in git to be compared with, and so looks superfluous.
  const live = resourcesOf(record).filter((each) => record.live.has(resourceKey(each)));
  const resources = live.map((resource): ResourceStatus => ({
    ...shapeOf(record, resource),
    status: 'Unknown',
    ...(kindsWithHealth.has(resource.kind) ? { health: { status: 'Healthy' } } : {}),
    requiresPruning: true,
  }));
  return {
    ...omit(omit(omit(status, 'resources'), 'sourceType'), 'sourceTypes'),
    ...(resources.length > 0 ? { resources } : {}),
    sync: { status: 'Unknown', comparedTo, revision: source?.targetRevision ?? 'HEAD' },
    health:
      status.health.status === 'Healthy' ? status.health : { status: 'Healthy', lastTransitionTime: now },
    conditions: [known ?? { type: 'ComparisonError', message, lastTransitionTime: now }],
  };
}

function shapeOf(record: ApplicationRecord, resource: ResourceDescription) {
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
  const statuses = resourcesOf(record).map((resource): ResourceStatus => {
    const live = record.live.get(resourceKey(resource));
    const status = live === desired(record, resource, revisions, repositories) ? 'Synced' : 'OutOfSync';
    const rolling = progressing && kindsThatRollOut.has(resource.kind);
    const health = live === undefined ? 'Missing' : rolling ? 'Progressing' : 'Healthy';
    const assessed = live === undefined || kindsWithHealth.has(resource.kind);
    return { ...shapeOf(record, resource), status, ...(assessed ? { health: { status: health } } : {}) };
  });
  const superfluous = (record.behaviour.pruneNeeded ?? []).map((resource): ResourceStatus => ({
    ...shapeOf(record, resource),
    status: 'OutOfSync',
    requiresPruning: true,
  }));
  return [...superfluous, ...statuses];
}

export function rollsOut(record: ApplicationRecord): boolean {
  return resourcesOf(record).some((resource) => kindsThatRollOut.has(resource.kind));
}
