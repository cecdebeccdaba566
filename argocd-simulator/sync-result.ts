// What a sync does to the resources and how Argo CD words it. Pure.
import { createHash } from 'node:crypto';
import type { Operation, ResourceResult, SyncResult } from './application.ts';
import { ownSyncPolicy } from './application.ts';
import type { ApplicationRecord } from './cluster.ts';
import { desired, resourceKey, resourcesOf } from './comparison.ts';
import type { Repositories } from './repositories.ts';
import type { Failure, Hook, ResourceDescription } from './world-description.ts';

/** The revisions an operation deploys, one a source. */
export function operationRevisions({ sync }: Operation): string[] {
  return sync.revisions ?? (sync.revision === undefined ? [] : [sync.revision]);
}

export function syncResult(operation: Operation, resources?: ResourceResult[]): SyncResult {
  const { revision, source, sources, revisions } = operation.sync;
  return {
    ...(resources && resources.length > 0 ? { resources } : {}),
    revision: revision ?? '',
    source: source ?? { repoURL: '' },
    ...(sources ? { sources, revisions: revisions ?? [] } : {}),
  };
}

function row(
  record: ApplicationRecord,
  resource: ResourceDescription,
): Omit<ResourceResult, 'message' | 'syncPhase'> {
  return {
    group: resource.group ?? '',
    version: resource.version ?? 'v1',
    kind: resource.kind,
    namespace: resource.namespace ?? record.object.spec.destination.namespace ?? 'default',
    name: resource.name,
  };
}

function selected(operation: Operation, resource: ResourceDescription): boolean {
  return operation.sync.resources?.some((each) => resourceKey(each) === resourceKey(resource)) ?? true;
}

/** The rows of a sync that goes well, as found before it is applied. */
export function applyRows(
  record: ApplicationRecord,
  operation: Operation,
  repositories: Repositories,
): ResourceResult[] {
  const { sync } = operation;
  const revisions = operationRevisions(operation);
  const pruned = (record.behaviour.pruneNeeded ?? []).filter((each) => selected(operation, each));
  const kept = resourcesOf(record).filter((each) => selected(operation, each));
  return [
    ...pruned.map((resource): ResourceResult => {
      const outcome = sync.prune
        ? { status: 'Pruned', message: sync.dryRun ? 'pruned (dry run)' : 'pruned' }
        : { status: 'PruneSkipped', message: 'ignored (requires pruning)' };
      return { ...row(record, resource), ...outcome, hookPhase: 'Succeeded', syncPhase: 'Sync' };
    }),
    ...kept.map((resource): ResourceResult => {
      const live = record.live.get(resourceKey(resource));
      const same = live === desired(record, resource, revisions, repositories);
      const verb = live === undefined ? 'created' : same ? 'unchanged' : 'configured';
      const type = `${resource.kind.toLowerCase()}${resource.group ? `.${resource.group}` : ''}`;
      return {
        ...row(record, resource),
        status: 'Synced',
        message: `${type}/${resource.name} ${verb}${sync.dryRun ? ' (dry run)' : ''}`,
        hookPhase: sync.dryRun ? 'Succeeded' : 'Running',
        syncPhase: 'Sync',
      };
    }),
  ];
}

/** Puts what the operation deploys into the cluster. */
export function applyToCluster(
  record: ApplicationRecord,
  operation: Operation,
  repositories: Repositories,
): void {
  const revisions = operationRevisions(operation);
  for (const resource of resourcesOf(record)) {
    if (!selected(operation, resource)) continue;
    record.live.set(resourceKey(resource), desired(record, resource, revisions, repositories));
  }
  const [first] = resourcesOf(record);
  if (first && record.behaviour.changedAgain) record.live.set(resourceKey(first), 'changed in the cluster');
  if (operation.sync.prune && record.behaviour.pruneNeeded) {
    const left = record.behaviour.pruneNeeded.filter((each) => !selected(operation, each));
    record.behaviour = { ...record.behaviour, pruneNeeded: left };
  }
}

/** Puts into the cluster what a sync that is refused gets through. */
export function applyPartly(
  record: ApplicationRecord,
  failure: Failure,
  operation: Operation,
  repositories: Repositories,
): void {
  const revisions = operationRevisions(operation);
  for (const resource of resourcesOf(record)) {
    if (!failure.applied.includes(resourceKey(resource)) || !selected(operation, resource)) continue;
    record.live.set(resourceKey(resource), desired(record, resource, revisions, repositories));
  }
}

/** The rows of a sync that is refused. */
export function failureRows(
  record: ApplicationRecord,
  failure: Failure,
  operation: Operation,
): ResourceResult[] {
  return resourcesOf(record).flatMap((resource): ResourceResult[] => {
    const refused = failure.refused.find((each) => resourceKey(each) === resourceKey(resource));
    if (refused) {
      const phase = refused.attempted ? { hookPhase: 'Failed' } : {};
      const { message } = refused;
      return [{ ...row(record, resource), status: 'SyncFailed', message, ...phase, syncPhase: 'Sync' }];
    }
    if (!failure.applied.includes(resourceKey(resource)) || !selected(operation, resource)) return [];
    const verb = record.live.has(resourceKey(resource)) ? 'unchanged' : 'created';
    const message = `${resource.kind.toLowerCase()}/${resource.name} ${verb}`;
    return [
      { ...row(record, resource), status: 'Synced', message, hookPhase: 'Succeeded', syncPhase: 'Sync' },
    ];
  });
}

/** What a first sync into a namespace that nobody has made runs into; undefined: it has a namespace. */
export function namespaceMissing(record: ApplicationRecord, operation: Operation): Failure | undefined {
  const create = 'CreateNamespace=true';
  const wanted = ownSyncPolicy(record.object).syncOptions.includes(create);
  if (!wanted || record.live.size > 0 || operation.sync.syncOptions?.includes(create)) return undefined;
  const message = `namespaces "${record.object.spec.destination.namespace ?? 'default'}" not found`;
  return {
    phase: 'Failed',
    message: `one or more objects failed to apply, reason: ${message}`,
    refused: resourcesOf(record).map(({ kind, name }) => ({ kind, name, message, attempted: true })),
    applied: [],
  };
}

/** The resource of a hook; its name carries the commit and the second it was created in. */
export function hookRow(
  record: ApplicationRecord,
  hook: Hook,
  operation: Operation,
  now: number,
): ResourceResult {
  const [revision] = operationRevisions(operation);
  const short = (revision ?? createHash('sha1').digest('hex')).slice(0, 7);
  const name = `${hook.name}-${short}-presync-${Math.floor(now / 1000)}`;
  return {
    group: 'batch',
    version: 'v1',
    kind: hook.kind,
    namespace: record.object.spec.destination.namespace ?? 'default',
    name,
    status: 'Synced',
    message: `${hook.kind.toLowerCase()}.batch/${name} created`,
    hookType: 'PreSync',
    hookPhase: 'Running',
    syncPhase: 'PreSync',
    ...(hook.images.length > 0 ? { images: hook.images } : {}),
  };
}

/** The hook of an application, whichever way it was described. */
export function hookOf(record: ApplicationRecord): Hook | undefined {
  const { hook, hookNeverEnds, name } = record.behaviour;
  const described = hook ?? undefined;
  if (hookNeverEnds === undefined) return described;
  const base: Hook = described ?? {
    name: `${name}-hook`,
    kind: 'Job',
    neverEnds: false,
    images: [],
  };
  return hookNeverEnds ? { ...base, neverEnds: true } : described && { ...described, neverEnds: false };
}

/** ms of a Go duration as far as Argo CD's back-off uses them (`5s`, `3m`, `1m30s`); undefined: not one. */
export function goDuration(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount, , suffix] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (unit[suffix ?? ''] ?? 0);
  }
  return total;
}

/** Why the operation's manifests cannot even be compared; undefined: they can. */
export function loadProblem(
  record: ApplicationRecord,
  operation: Operation,
  repositories: Repositories,
): string | undefined {
  const load = 'Failed to load target state: failed to generate manifest for source 1 of 1: ';
  const { comparisonError } = record.behaviour;
  if (typeof comparisonError === 'string') return `${load}${comparisonError}`;
  const { source, revision } = operation.sync;
  if (!source || revision === undefined || repositories.find(source, revision)) return undefined;
  const reason = `failed to initialize repository resources: ${unknownCommit(revision)}`;
  return `${load}rpc error: code = Unknown desc = ${reason}`;
}

/** What git answers for a commit that the repository does not have. */
export function unknownCommit(revision: string): string {
  return (
    `rpc error: code = Internal desc = Failed to checkout revision ${revision}: ` +
    `\`git fetch origin ${revision} --tags --force --prune\` failed exit status 128: ` +
    `fatal: remote error: upload-pack: not our ref ${revision}`
  );
}

/** Go's `3:04PM`. */
export function clockTime(ms: number): string {
  const at = new Date(ms);
  const hours = at.getUTCHours();
  return `${hours % 12 || 12}:${String(at.getUTCMinutes()).padStart(2, '0')}${hours < 12 ? 'AM' : 'PM'}`;
}
