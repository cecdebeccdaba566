// How the steps of an operation change what an application shows. Pure.
import type {
  ApplicationObject,
  ApplicationStatus,
  Operation,
  OperationState,
  ResourceResult,
} from './application.ts';
import type { ApplicationRecord } from './cluster.ts';
import { resourceKey } from './comparison.ts';
import { historyEntry } from './create-application.ts';
import { operationRevisions } from './sync-result.ts';

/** Argo CD keeps ten history entries by default. */
const historyLimit = 10;

export function withState(object: ApplicationObject, state: OperationState): ApplicationObject {
  return { ...object, status: { ...object.status, operationState: state } };
}

/** The hook shows among the resources while it runs. */
export function withHook(object: ApplicationObject, hook: ResourceResult): ApplicationObject {
  const { group, version, kind, namespace, name, images } = hook;
  const shown = { group, version, kind, namespace, name, health: { status: 'Progressing' }, hook: true };
  const resources = [...(object.status.resources ?? []), shown];
  return { ...object, status: { ...object.status, resources, summary: images ? { images } : {} } };
}

export function withoutHooks(object: ApplicationObject): ApplicationObject {
  const { resources } = object.status;
  if (!resources) return object;
  const rest = resources.filter((each) => !each.hook);
  return { ...object, status: { ...object.status, resources: rest, summary: {} } };
}

export function withHistory(
  record: ApplicationRecord,
  object: ApplicationObject,
  operation: Operation,
  startedAt: string,
  now: string,
): ApplicationObject {
  const history = object.status.history ?? [];
  const id = (history.at(-1)?.id ?? -1) + 1;
  const entry = historyEntry(
    record,
    id,
    operationRevisions(operation),
    startedAt,
    now,
    operation.initiatedBy,
  );
  return { ...object, status: { ...object.status, history: [...history, entry].slice(-historyLimit) } };
}

/** Of a comparison only the first resource and the health: what a sync shows before it is over. */
export function withFirstResource(
  object: ApplicationObject,
  { resources, health }: ApplicationStatus,
): ApplicationObject {
  const [first] = resources ?? [];
  const mixed = (object.status.resources ?? []).map((each) =>
    first && resourceKey(each) === resourceKey(first) ? first : each,
  );
  return { ...object, status: { ...object.status, resources: mixed, health } };
}
