// Comparisons with other results than a difference: manifests that cannot be made, a resource to prune, a bad health
// status.
import { omit, type ApplicationStatus, type ResourceStatus } from '../../argocd-simulator/application.ts';
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import {
  comparedTo,
  identityOf,
  kindsWithHealth,
  resourceKey,
  resourcesOf,
  sourcesOf,
  type Compare,
} from '../../argocd-simulator/comparison.ts';
import type { Conditions } from './conditions.ts';
import type { Details } from './details.ts';

/** Argo CD's error when its repository server is down. */
export const repositoryServerDown =
  'connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:18081: connect: connection refused"';

/** The beginning of Argo CD's error when manifests cannot be generated. */
export const loadFailed = 'Failed to load target state: failed to generate manifest for source 1 of 1: ';

export function createTestCompare(compare: Compare, details: Details, conditions: Conditions): Compare {
  return (record, revisions, now, progressing) => {
    const { projectMissing, comparisonError, health, pruneNeeded = [] } = details.descriptionOf(record);
    const before = record.object.status;
    if (projectMissing) return before;
    const error = conditions.repositoryServerDown
      ? `rpc error: code = Unavailable desc = ${repositoryServerDown}`
      : comparisonError;
    if (typeof error === 'string') return unknown(record, error, now);
    const status = compare(record, revisions, now, progressing);
    const superfluous = pruneNeeded.map((resource): ResourceStatus => ({
      ...identityOf(record, resource),
      status: 'OutOfSync',
      requiresPruning: true,
    }));
    const assessed = health && status.health.status === 'Healthy' ? health : status.health.status;
    return {
      ...status,
      resources: [...superfluous, ...(status.resources ?? [])],
      ...(superfluous.length > 0 ? { sync: { ...status.sync, status: 'OutOfSync' } } : {}),
      health:
        before.health.status === assessed
          ? before.health
          : {
              ...status.health,
              ...(assessed === undefined ? {} : { status: assessed }),
              lastTransitionTime: now,
            },
    };
  };
}

/** If the manifests cannot be generated, the status is Unknown, and the revision stays the name of the branch. */
function unknown(record: ApplicationRecord, error: string, now: string): ApplicationStatus {
  const { status } = record.object;
  const [source] = sourcesOf(record);
  const message = `${loadFailed}${error}`;
  const existing = status.conditions?.find((each) => each.message === message);
  // Resources in the cluster seem superfluous, because git has no counterpart.
  const live = resourcesOf(record).filter((each) => record.live.has(resourceKey(each)));
  const resources = live.map((resource): ResourceStatus => ({
    ...identityOf(record, resource),
    status: 'Unknown',
    ...(kindsWithHealth.has(resource.kind) ? { health: { status: 'Healthy' } } : {}),
    requiresPruning: true,
  }));
  return {
    ...omit(omit(omit(status, 'resources'), 'sourceType'), 'sourceTypes'),
    ...(resources.length > 0 ? { resources } : {}),
    sync: { status: 'Unknown', comparedTo: comparedTo(record), revision: source?.targetRevision ?? 'HEAD' },
    health:
      status.health.status === 'Healthy' ? status.health : { status: 'Healthy', lastTransitionTime: now },
    conditions: [existing ?? { type: 'ComparisonError', message, lastTransitionTime: now }],
  };
}
