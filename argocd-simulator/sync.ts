// POST …/sync and DELETE …/operation: the refusals in Argo CD's order, then the operation.
import { ownSyncPolicy, withoutResourceHealth } from './application.ts';
import type { Operation, SyncRequest } from './application.ts';
import { json, refused } from './answers.ts';
import type { Answer, Refusal } from './answers.ts';
import type { ApplicationRecord } from './cluster.ts';
import { sourcesOf } from './comparison.ts';
import { isAutomated, repositoryServerDown } from './controller.ts';
import { canSync, find, isRefusal, permissionNameOf, windowsOf } from './refusals.ts';
import type { SyncBody } from './sync-request.ts';
import type { Account, Source } from './world-description.ts';
import type { SimulatedVersion } from './versions.ts';
import type { SimulatedWorld } from './world.ts';

/** The sync as asked for with this body, by this account. */
export function sync(world: SimulatedWorld, account: Account, name: string, body: SyncBody): Answer {
  const namespace = body.appNamespace === '' ? 'argocd' : body.appNamespace;
  const record = find(world, account, 'get', { name, namespace, project: body.project });
  if (isRefusal(record)) return refused(record);
  const { object } = record;
  if (!canSync(windowsOf(world, record))) {
    return refused({ code: 7, message: 'cannot sync: blocked by sync window' });
  }
  const permission = permissionNameOf(object);
  if (!world.accounts.may(account, 'sync', permission)) {
    const who = `sub: ${account.name}, iat: ${account.issuedAt}`;
    return refused({ code: 7, message: `permission denied: applications, sync, ${permission}, ${who}` });
  }
  if (object.metadata.deletionTimestamp !== undefined)
    return refused({ code: 9, message: 'application is deleting' });
  const revisions = resolveRevisions(world, record, body);
  if (isRefusal(revisions)) return refused(revisions);
  if (object.operation) return refused({ code: 9, message: 'another operation is already in progress' });
  world.operations.accept(record, operationOf(record, account, body, revisions, world.version));
  return json(withoutResourceHealth(record.object));
}

function resolveRevisions(
  world: SimulatedWorld,
  record: ApplicationRecord,
  body: SyncBody,
): string[] | Refusal {
  const sources = sourcesOf(record);
  const multiple = record.object.spec.sources !== undefined;
  const wanted: string[] = sources.map(() => '');
  if (multiple) {
    for (const [index, position] of body.sourcePositions.entries()) {
      if (position <= 0 || position > sources.length)
        return { code: 2, message: 'source position is out of range' };
      wanted[position - 1] = body.revisions[index] ?? '';
    }
  } else {
    wanted[0] = body.revision;
  }
  const resolved: string[] = [];
  for (const [index, source] of sources.entries()) {
    const revision = resolveRevision(world, record, source, wanted[index] ?? '', body.dryRun);
    if (typeof revision !== 'string') return revision;
    resolved.push(revision);
  }
  return resolved;
}

function resolveRevision(
  world: SimulatedWorld,
  record: ApplicationRecord,
  source: Source,
  wanted: string,
  dryRun: boolean,
): string | Refusal {
  const target = source.targetRevision ?? 'HEAD';
  if (wanted !== '' && wanted !== target && !dryRun && isAutomated(record.object)) {
    return { code: 9, message: `Cannot sync to ${wanted}: auto-sync currently set to ${target}` };
  }
  const failed = (code: string, message: string): Refusal => ({
    code: 9,
    message: `error resolving repo revision: rpc error: code = ${code} desc = ${message}`,
  });
  if (world.conditions.repositoryServerDown) return failed('Unavailable', repositoryServerDown);
  const name = wanted === '' ? target : wanted;
  return (
    world.repositories.resolve(source, name) ??
    failed('Unknown', `unable to resolve '${name}' to a commit SHA${world.version.revisionNotFound}`)
  );
}

function operationOf(
  record: ApplicationRecord,
  account: Account,
  body: SyncBody,
  revisions: string[],
  version: SimulatedVersion,
): Operation {
  const { source, sources } = record.object.spec;
  // What the request has takes the place of what the application has.
  const own = ownSyncPolicy(record.object);
  const syncOptions = body.syncOptions ?? own.syncOptions;
  const request: SyncRequest = {
    ...(sources ? {} : { revision: revisions[0] ?? '' }),
    ...(body.prune ? { prune: true } : {}),
    ...(body.dryRun ? { dryRun: true } : {}),
    ...(body.strategy ? { syncStrategy: body.strategy } : {}),
    ...(body.resources && body.resources.length > 0 ? { resources: body.resources } : {}),
    ...(source && version.repeatsSource ? { source } : {}),
    ...(syncOptions.length > 0 ? { syncOptions } : {}),
    ...(sources ? { sources, revisions } : {}),
  };
  return {
    sync: request,
    initiatedBy: { username: account.name },
    ...(body.infos.length > 0 ? { info: body.infos } : {}),
    retry: body.retryStrategy ?? own.retry,
  };
}

/** DELETE …/operation. */
export function terminate(
  world: SimulatedWorld,
  account: Account,
  wanted: { name: string; namespace: string; project: string },
): Answer {
  const record = find(world, account, 'sync', wanted);
  if (isRefusal(record)) return refused(record);
  if (world.operations.terminate(record)) return json({});
  return refused({ code: 3, message: 'Unable to terminate operation. No operation is in progress' });
}
