// The field selections of the list and of the event stream: the members of applications that the worker asks for.

/**
 * Argo CD silently leaves out members that it does not know (`list-fields-not-honoured`).
 *
 * The list asks for the whole specification: every version knows that name. The names of its members, and of the
 * revision of the comparison, are known since 3.5.0 only (`list-fields-product` of each version). The members would make
 * a list 9 % smaller at most (510 of 557 kB for 1,000 applications). With inline Helm values, which are part of the
 * source, it would hardly be smaller. Never ask for both: Argo CD 3.5.1 answers 500 (`list-fields-spec-whole-and-members`).
 */
export const listFields = [
  'metadata.resourceVersion',
  'items.metadata.name',
  'items.metadata.namespace',
  'items.metadata.labels',
  'items.metadata.deletionTimestamp',
  'items.spec',
  'items.status.sync.status',
  'items.status.sync.revision',
  'items.status.health',
  'items.status.operationState.phase',
  'items.status.operationState.startedAt',
  'items.status.operationState.finishedAt',
  'items.operation.sync',
].join(',');

/**
 * The stream contains every member whose path is the beginning of a name here (`stream-fields-prefix`). The reverse does
 * not hold: `sync.revision` does not bring `sync.revisions`, which applications with several sources have instead.
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
  // A dry run, or a sync of some resources only, does not deploy the whole application.
  'application.status.operationState.operation.sync.dryRun',
  'application.status.operationState.operation.sync.resources',
  'application.operation',
]
  .map((field) => `result.${field}`)
  .join(',');
