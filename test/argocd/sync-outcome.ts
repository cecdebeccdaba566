// The outcome of a sync with selected resources, failures, hooks and pruning, in the words of Argo CD. Pure functions.
import { createHash } from 'node:crypto';
import { ownSyncPolicy, type Operation, type ResourceResult } from '../../argocd-simulator/application.ts';
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import { resourceKey, resourcesOf } from '../../argocd-simulator/comparison.ts';
import type { ResourceDescription } from '../../argocd-simulator/description.ts';
import type { Repositories } from '../../argocd-simulator/repositories.ts';
import {
  appliedRows,
  apply,
  operationRevisions,
  resultIdentity,
} from '../../argocd-simulator/sync-result.ts';
import { loadFailed } from './comparison.ts';
import type { ApplicationDescription, Failure, Hook } from './world-description.ts';

function isSelected({ sync }: Operation, resource: ResourceDescription): boolean {
  return sync.resources?.some((each) => resourceKey(each) === resourceKey(resource)) ?? true;
}

export function selectedResources(record: ApplicationRecord, operation: Operation): ResourceDescription[] {
  return resourcesOf(record).filter((each) => isSelected(operation, each));
}

/** The rows of a sync that succeeds, from the state before anything is applied. */
export function outcomeRows(
  record: ApplicationRecord,
  { pruneNeeded = [] }: ApplicationDescription,
  operation: Operation,
  repositories: Repositories,
): ResourceResult[] {
  const { sync } = operation;
  const outcome = sync.prune
    ? { status: 'Pruned', message: sync.dryRun ? 'pruned (dry run)' : 'pruned' }
    : { status: 'PruneSkipped', message: 'ignored (requires pruning)' };
  const pruned = pruneNeeded
    .filter((each) => isSelected(operation, each))
    .map((resource): ResourceResult => ({
      ...resultIdentity(record, resource),
      ...outcome,
      hookPhase: 'Succeeded',
      syncPhase: 'Sync',
    }));
  const applied = appliedRows(record, operation, repositories, selectedResources(record, operation));
  const shownRows = sync.dryRun
    ? applied.map((row) => ({ ...row, message: `${row.message} (dry run)`, hookPhase: 'Succeeded' }))
    : applied;
  return [...pruned, ...shownRows];
}

/** The resources that the operation has not pruned. */
export function leftToPrune(
  { pruneNeeded }: ApplicationDescription,
  operation: Operation,
): ResourceDescription[] | undefined {
  if (!operation.sync.prune) return pruneNeeded;
  return pruneNeeded?.filter((each) => !isSelected(operation, each));
}

/** Puts into the cluster the resources that a refused sync could apply. */
export function applyPartly(
  record: ApplicationRecord,
  { applied }: Failure,
  operation: Operation,
  repositories: Repositories,
): void {
  const through = selectedResources(record, operation).filter((each) => applied.includes(resourceKey(each)));
  apply(record, operation, repositories, through);
}

/** The rows of a sync that is refused. */
export function failureRows(
  record: ApplicationRecord,
  failure: Failure,
  operation: Operation,
): ResourceResult[] {
  return resourcesOf(record).flatMap((resource): ResourceResult[] => {
    const identity = resultIdentity(record, resource);
    const refusedResource = failure.refused.find((each) => resourceKey(each) === resourceKey(resource));
    if (refusedResource) {
      const phase = refusedResource.attempted ? { hookPhase: 'Failed' } : {};
      const { message } = refusedResource;
      return [{ ...identity, status: 'SyncFailed', message, ...phase, syncPhase: 'Sync' }];
    }
    if (!failure.applied.includes(resourceKey(resource)) || !isSelected(operation, resource)) return [];
    const verb = record.live.has(resourceKey(resource)) ? 'unchanged' : 'created';
    const message = `${resource.kind.toLowerCase()}/${resource.name} ${verb}`;
    return [{ ...identity, status: 'Synced', message, hookPhase: 'Succeeded', syncPhase: 'Sync' }];
  });
}

/** The error of a first sync into a namespace that does not exist; undefined if it exists. */
export function namespaceMissing(record: ApplicationRecord, operation: Operation): Failure | undefined {
  const create = 'CreateNamespace=true';
  const isRequested = ownSyncPolicy(record.object).syncOptions.includes(create);
  if (!isRequested || record.live.size > 0 || operation.sync.syncOptions?.includes(create)) return undefined;
  const message = `namespaces "${record.object.spec.destination.namespace ?? 'default'}" not found`;
  return {
    phase: 'Failed',
    message: `one or more objects failed to apply, reason: ${message}`,
    refused: resourcesOf(record).map(({ kind, name }) => ({ kind, name, message, attempted: true })),
    applied: [],
  };
}

/** The resource of a hook. Its name contains the commit and the second of its creation. */
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

/** The hook of an application, from either form of description. */
export function hookOf({ name, hook, hookNeverEnds }: ApplicationDescription): Hook | undefined {
  const described = hook ?? undefined;
  if (hookNeverEnds === undefined) return described;
  const base: Hook = described ?? { name: `${name}-hook`, kind: 'Job', neverEnds: false, images: [] };
  return hookNeverEnds ? { ...base, neverEnds: true } : described && { ...described, neverEnds: false };
}

/** The ms of a Go duration in the form of Argo CD's back-off (`5s`, `3m`, `1m30s`); undefined for any other text. */
export function goDuration(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount, , suffix] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (unit[suffix ?? ''] ?? 0);
  }
  return total;
}

/** Why Argo CD cannot load the operation's manifests; undefined if it can. */
export function loadProblem(
  { comparisonError }: ApplicationDescription,
  { sync: { source, revision } }: Operation,
  repositories: Repositories,
): string | undefined {
  if (typeof comparisonError === 'string') return `${loadFailed}${comparisonError}`;
  if (!source || revision === undefined || repositories.find(source, revision)) return undefined;
  return `${loadFailed}rpc error: code = Unknown desc = ${notInitialized(revision)}`;
}

/** Argo CD's error, with git's words, for a commit that the repository does not have. */
export function notInitialized(revision: string): string {
  return (
    `failed to initialize repository resources: ` +
    `rpc error: code = Internal desc = Failed to checkout revision ${revision}: ` +
    `\`git fetch origin ${revision} --tags --force --prune\` failed exit status 128: ` +
    `fatal: remote error: upload-pack: not our ref ${revision}`
  );
}

/** Go's time format `3:04PM`. */
export function clockTime(ms: number): string {
  const at = new Date(ms);
  const hours = at.getUTCHours();
  return `${hours % 12 || 12}:${String(at.getUTCMinutes()).padStart(2, '0')}${hours < 12 ? 'AM' : 'PM'}`;
}
