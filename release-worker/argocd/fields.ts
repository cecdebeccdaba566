// Which members of applications we ask for: the field selections of the list and of the event stream.

/** Names outside the recorded set would be silently absent (`list-fields-not-honoured`). */
export const listFields = [
  'metadata.resourceVersion',
  'items.metadata.name',
  'items.metadata.namespace',
  'items.metadata.labels',
  'items.metadata.deletionTimestamp',
  'items.spec.project',
  'items.spec.source',
  'items.spec.sources',
  'items.spec.syncPolicy',
  'items.status.sync.status',
  'items.status.sync.revision',
  'items.status.health',
  'items.status.operationState.phase',
  'items.status.operationState.startedAt',
  'items.status.operationState.finishedAt',
  'items.operation.sync',
].join(',');

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
  'application.operation',
]
  .map((field) => `result.${field}`)
  .join(',');
