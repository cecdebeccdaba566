// Which members of applications we ask for: the field selections of the list and of the event stream.

import { isAtLeast } from './version.ts';

/**
 * How a list is asked for what applications are made of: by the whole specification, which every version knows, or by
 * the members of it that we read, which spares inline Helm values. Never by both: Argo CD 3.5.1 answers that with 500
 * (`list-fields-spec-whole-and-members`).
 */
export type ListSelection = 'spec' | 'members';

/** Names outside the recorded set are silently absent from the answer (`list-fields-not-honoured`). */
const listFieldsOfAll = [
  'metadata.resourceVersion',
  'items.metadata.name',
  'items.metadata.namespace',
  'items.metadata.labels',
  'items.metadata.deletionTimestamp',
  'items.status.sync.status',
  'items.status.sync.revision',
  'items.status.health',
  'items.status.operationState.phase',
  'items.status.operationState.startedAt',
  'items.status.operationState.finishedAt',
  'items.operation.sync',
];

const specFields: Readonly<Record<ListSelection, readonly string[]>> = {
  spec: ['items.spec'],
  members: [
    'items.spec.project',
    'items.spec.destination',
    'items.spec.source',
    'items.spec.sources',
    'items.spec.syncPolicy',
  ],
};

export function listFields(selection: ListSelection): string {
  return [...listFieldsOfAll, ...specFields[selection]].join(',');
}

/** Before 3.5.0 the members are silently absent (`versions/v3.4.7/list-fields-product`). */
export function selectionFor(version: string | undefined): ListSelection {
  return version !== undefined && isAtLeast(version, [3, 5, 0]) === true ? 'members' : 'spec';
}

/**
 * A member passes whose path is the beginning of a name here (`stream-fields-prefix`), not the other way round:
 * `sync.revision` does not bring `sync.revisions`, which applications with several sources have instead.
 */
export const streamFields = [
  'type',
  'application.metadata.name',
  'application.metadata.namespace',
  'application.metadata.labels',
  'application.metadata.deletionTimestamp',
  'application.spec.project',
  'application.spec.destination',
  'application.spec.source',
  'application.spec.sources',
  'application.spec.syncPolicy',
  'application.status.sync.status',
  'application.status.sync.revision',
  'application.status.sync.revisions',
  'application.status.health.status',
  'application.status.conditions',
  'application.status.history',
  'application.status.operationState.phase',
  'application.status.operationState.message',
  'application.status.operationState.startedAt',
  'application.status.operationState.finishedAt',
  'application.status.operationState.operation.info',
  'application.status.operationState.operation.initiatedBy.automated',
  'application.status.operationState.operation.sync.revision',
  'application.status.operationState.operation.sync.revisions',
  // A dry run, or a sync of some resources only, deploys nothing as a whole.
  'application.status.operationState.operation.sync.dryRun',
  'application.status.operationState.operation.sync.resources',
  'application.operation',
]
  .map((field) => `result.${field}`)
  .join(',');
