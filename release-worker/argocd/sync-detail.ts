// What the last operation did to each resource. Only a GET of the whole object has this. The worker asks for it when one
// of its operations has failed or has not helped.
import * as z from 'zod/mini';
import { idsOf, newest, revisionsOf } from './record.ts';

const text = z.nullish(z.string());
const revisions = z.nullish(z.array(z.string()));
const resource = { group: text, kind: text, namespace: text, name: text, status: text };

export const syncDetailSchema = z.object({
  status: z.nullish(
    z.object({
      history: z.nullish(z.array(z.object({ id: z.nullish(z.number()), revision: text, revisions }))),
      resources: z.nullish(z.array(z.object(resource))),
      operationState: z.nullish(
        z.object({
          operation: z.nullish(z.object({ info: z.nullish(z.array(z.object({ name: text, value: text }))) })),
          syncResult: z.nullish(
            z.object({
              revision: text,
              revisions,
              resources: z.nullish(
                z.array(z.object({ ...resource, message: text, hookType: text, hookPhase: text })),
              ),
            }),
          ),
        }),
      ),
    }),
  ),
});

export interface SyncDetail {
  /** the id of our release, if the operation was ours */
  readonly releaseId?: string;
  /** the revision that the operation deployed; several sources: joined by `,`; empty: Argo CD does not say */
  readonly revision: string;
  /** the revision of the history entry before the newest one; empty: none */
  readonly before: string;
  /** resources and hooks that failed, each with its message */
  readonly failed: readonly { readonly resource: string; readonly message: string }[];
  /** number of resources that were left because the sync was not allowed to prune */
  readonly toPrune: number;
  /** number of resources that were left because they forbid pruning */
  readonly kept: number;
  /** number of resources that the operation created or changed */
  readonly changed: number;
  /** number of changed resources that are out of sync again */
  readonly undone: number;
}

/** kubectl's `<resource> unchanged`: the resource already was as wanted. */
const unchanged = /^\S+ unchanged\b/;
/** Source: `pruneObject` in Argo CD's gitops-engine, `pkg/sync/sync_context.go`. */
const noPrune = 'ignored (no prune)';

export function syncDetailOf({ status }: z.infer<typeof syncDetailSchema>): SyncDetail {
  const state = status?.operationState;
  const { releaseId } = idsOf(state?.operation?.info);
  const resources = state?.syncResult?.resources ?? [];
  const skipped = resources.filter(({ status: end }) => end === 'PruneSkipped');
  const kept = skipped.filter(({ message }) => message === noPrune).length;
  // Hooks run in every sync, and are not compared with Git.
  const changed = resources.filter(
    ({ status: end, hookType, message }) =>
      (end === 'Pruned' || (end === 'Synced' && !unchanged.test(message ?? ''))) && (hookType ?? '') === '',
  );
  const differing = new Set(
    (status?.resources ?? []).filter(({ status: sync }) => sync === 'OutOfSync').map(nameOf),
  );
  const history = status?.history ?? [];
  const last = newest(history);
  return {
    ...(releaseId === undefined ? {} : { releaseId }),
    revision: revisionsOf(state?.syncResult),
    before: revisionsOf(newest(history.filter((entry) => entry !== last))),
    failed: resources
      .filter(
        ({ status: end, hookPhase }) => end === 'SyncFailed' || (hookPhase === 'Failed' && end !== 'Synced'),
      )
      .map(({ kind, name, message }) => ({
        resource: `${kind ?? ''} ${name ?? ''}`,
        message: message ?? '',
      })),
    toPrune: skipped.length - kept,
    kept,
    changed: changed.length,
    undone: changed.filter((one) => differing.has(nameOf(one))).length,
  };
}

type Named = Partial<Record<'group' | 'kind' | 'namespace' | 'name', string | null | undefined>>;

function nameOf({ group, kind, namespace, name }: Named): string {
  return [group ?? '', kind ?? '', namespace ?? '', name ?? ''].join('/');
}
