// Makes an application from a description that includes every detail of one moment.
import { controlPlaneNamespace } from '../../argocd-simulator/application.ts';
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import { headsOf, type Compare } from '../../argocd-simulator/comparison.ts';
import { deploy, uncompared } from '../../argocd-simulator/create-application.ts';
import type { Repositories } from '../../argocd-simulator/repositories.ts';
import type { Details } from './details.ts';
import type { ApplicationDescription } from './world-description.ts';

export function createTestApplication(
  description: ApplicationDescription,
  parts: { repositories: Repositories; compare: Compare; details: Details },
  now: number,
): ApplicationRecord {
  // In tests `fails` has another type. The course of the tests reads it from the details.
  const { fails: _, ...plain } = description;
  const record = uncompared(plain, now);
  parts.details.set(record, description);
  const { object } = record;
  const created = object.metadata.creationTimestamp;
  const healthSince = description.healthSince ?? created;
  const { uid, deletedAt, annotations, syncPolicy } = description;
  const before = {
    ...object.status,
    health: { ...object.status.health, lastTransitionTime: healthSince },
  };
  record.object = {
    ...object,
    metadata: {
      ...object.metadata,
      ...(uid === undefined ? {} : { uid }),
      ...(deletedAt === undefined ? {} : { deletionTimestamp: deletedAt }),
      ...(annotations ? { annotations } : {}),
    },
    spec: { ...object.spec, ...(syncPolicy ? { syncPolicy } : {}) },
    status: before,
  };
  if (description.projectMissing) return record;
  deploy(record, plain, parts);
  const { history, operationState } = record.object.status;
  for (const key of description.edited ?? []) record.live.set(key, 'edited in the cluster');
  record.object = { ...record.object, status: before };
  const operationStateNow = description.operationState ?? operationState;
  record.object = {
    ...record.object,
    status: {
      ...parts.compare(record, description.shown ?? headsOf(record, parts.repositories), healthSince),
      ...(history ? { history } : {}),
      reconciledAt: description.reconciledAt ?? created,
      ...(operationStateNow ? { operationState: operationStateNow } : {}),
      resourceHealthSource: 'appTree',
      controllerNamespace: controlPlaneNamespace,
    },
  };
  return record;
}
