// POST …/sync and …/rollback: the refusals in the order and words of Argo CD, then the operation with all options.
import type { Operation } from '../../argocd-simulator/application.ts';
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import { sourcesOf } from '../../argocd-simulator/comparison.ts';
import { isAutomated } from '../../argocd-simulator/controller.ts';
import { refused, type Answer, type Refusal } from '../../argocd-simulator/http-answers.ts';
import {
  accepted,
  isRefusal,
  resolveRevisions,
  rollback,
  syncOperation,
  unresolved,
  wantedRevisions,
} from '../../argocd-simulator/sync.ts';
import { repositoryServerDown } from './comparison.ts';
import { readAs, reader } from './go-json.ts';
import { find, permissionNameOf } from './refusals.ts';
import type { WholeSyncBody } from './sync-request.ts';
import { canSync } from './sync-windows.ts';
import type { TestBackend } from './test-backend.ts';
import type { SimulatedVersion } from './versions.ts';
import type { Account } from './world-description.ts';

const deleting: Refusal = { code: 9, message: 'application is deleting' };

/** Starts the sync that this account requests with this body, or refuses it. */
export function testSync(backend: TestBackend, account: Account, name: string, body: WholeSyncBody): Answer {
  const record = find(backend, account, 'get', { name, namespace: body.appNamespace, project: body.project });
  if (isRefusal(record)) return refused(record);
  const { object } = record;
  if (!canSync(backend.windowsAbout(record))) {
    return refused({ code: 7, message: 'cannot sync: blocked by sync window' });
  }
  const permission = permissionNameOf(object);
  if (!backend.accounts.may(account, 'sync', permission)) {
    const tokenDescription = `sub: ${account.name}, iat: ${account.issuedAt}`;
    return refused({
      code: 7,
      message: `permission denied: applications, sync, ${permission}, ${tokenDescription}`,
    });
  }
  if (object.metadata.deletionTimestamp !== undefined) return refused(deleting);
  const revisions = revisionsFor(backend, record, body);
  if (isRefusal(revisions)) return refused(revisions);
  const operation = syncOperation(record, account.name, body, revisions);
  return accepted(backend, record, wholeOperation(operation, body, backend.version));
}

function revisionsFor(
  backend: TestBackend,
  record: ApplicationRecord,
  body: WholeSyncBody,
): string[] | Refusal {
  const sources = sourcesOf(record);
  const isOutside = (position: number) => position <= 0 || position > sources.length;
  if (record.object.spec.sources !== undefined && body.sourcePositions.some(isOutside))
    return { code: 2, message: 'source position is out of range' };
  const requestedRevisions = wantedRevisions(record, body);
  const automated = !body.dryRun && isAutomated(record.object);
  for (const [index, { targetRevision = 'HEAD' }] of automated ? sources.entries() : []) {
    const revision = requestedRevisions[index] || targetRevision;
    if (revision !== targetRevision)
      return { code: 9, message: `Cannot sync to ${revision}: auto-sync currently set to ${targetRevision}` };
  }
  if (backend.conditions.repositoryServerDown) return unresolved('Unavailable', repositoryServerDown);
  const resolved = resolveRevisions(backend, record, requestedRevisions);
  if (!isRefusal(resolved)) return resolved;
  return { ...resolved, message: `${resolved.message}${backend.version.revisionNotFound}` };
}

function wholeOperation(operation: Operation, body: WholeSyncBody, version: SimulatedVersion): Operation {
  const { source, ...sync } = operation.sync;
  return {
    ...operation,
    sync: {
      ...sync,
      ...(body.dryRun ? { dryRun: true } : {}),
      ...(body.strategy ? { syncStrategy: body.strategy } : {}),
      ...(body.resources && body.resources.length > 0 ? { resources: body.resources } : {}),
      ...(source && version.repeatsSource ? { source } : {}),
    },
  };
}

interface RollbackBody {
  /** Undefined if it is missing. Argo CD refuses that only after it has read everything. */
  readonly id: number | undefined;
  readonly appNamespace: string;
  readonly project: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
}

export function readRollbackBody(text: string): RollbackBody | { problem: string } {
  return readAs(text, (json) => {
    const request = 'ApplicationRollbackRequest';
    const body = reader(json, request, '', `application.${request}`);
    return {
      id: body.has('id') ? body.integer('id') : undefined,
      appNamespace: body.string('appNamespace') || 'argocd',
      project: body.string('project'),
      dryRun: body.bool('dryRun'),
      prune: body.bool('prune'),
    };
  });
}

/** Whether every sync window allows it. */
export function testRollback(
  backend: TestBackend,
  account: Account,
  name: string,
  { id, appNamespace: namespace, project, dryRun, prune }: RollbackBody,
): Answer {
  if (id === undefined)
    return refused({ code: 13, message: 'grpc: error while marshaling: proto: required field "id" not set' });
  const record = find(backend, account, 'sync', { name, namespace, project });
  if (isRefusal(record)) return refused(record);
  if (record.object.metadata.deletionTimestamp !== undefined) return refused(deleting);
  return rollback(backend, record, account.name, id, {
    ...(prune ? { prune } : {}),
    ...(dryRun ? { dryRun } : {}),
  });
}
