// What came of the last operation, resource by resource: only in the whole object, and asked for once an operation of
// ours has failed or has not helped.
import * as z from 'zod/mini';
import { idsOf } from './application.ts';

const text = z.nullish(z.string());

export const syncDetailSchema = z.object({
  status: z.nullish(
    z.object({
      operationState: z.nullish(
        z.object({
          operation: z.nullish(z.object({ info: z.nullish(z.array(z.object({ name: text, value: text }))) })),
          syncResult: z.nullish(
            z.object({
              resources: z.nullish(
                z.array(z.object({ kind: text, name: text, status: text, message: text, hookPhase: text })),
              ),
            }),
          ),
        }),
      ),
    }),
  ),
});

export interface SyncDetail {
  /** whose operation it was, if ours */
  readonly releaseId?: string;
  /** resources and hooks that failed, with the message of each */
  readonly failed: readonly { readonly resource: string; readonly message: string }[];
  /** how many resources were left because they would have to be pruned */
  readonly toPrune: number;
}

export function syncDetailOf({ status }: z.infer<typeof syncDetailSchema>): SyncDetail {
  const state = status?.operationState;
  const { releaseId } = idsOf(state?.operation?.info);
  const resources = state?.syncResult?.resources ?? [];
  return {
    ...(releaseId === undefined ? {} : { releaseId }),
    failed: resources
      .filter(
        ({ status: end, hookPhase }) => end === 'SyncFailed' || (hookPhase === 'Failed' && end !== 'Synced'),
      )
      .map(({ kind, name, message }) => ({
        resource: `${kind ?? ''} ${name ?? ''}`,
        message: message ?? '',
      })),
    toPrune: resources.filter(({ status: end }) => end === 'PruneSkipped').length,
  };
}
