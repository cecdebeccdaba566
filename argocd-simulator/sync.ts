// POST …/sync and …/rollback, DELETE …/operation.
import * as z from 'zod/mini';
import {
  controlPlaneNamespace,
  ownSyncPolicy,
  withoutResourceHealth,
  type Info,
  type Operation,
  type Retry,
  type SyncRequest,
} from './application.ts';
import type { Backend } from './backend.ts';
import type { ApplicationRecord } from './cluster.ts';
import { sourcesOf } from './comparison.ts';
import { isAutomated } from './controller.ts';
import { json, refused, type Answer, type Refusal } from './http-answers.ts';

/** The members of a sync request that the simulator uses. */
export interface SyncBody {
  readonly appNamespace: string;
  readonly revision: string;
  readonly revisions: readonly string[];
  readonly sourcePositions: readonly number[];
  readonly infos: Info[];
  readonly prune: boolean;
  /** Absent: the request does not have them. */
  readonly syncOptions?: string[] | undefined;
  readonly retryStrategy?: Retry | undefined;
}

const namespaceSchema = z._default(z.string(), controlPlaneNamespace);

const syncSchema = z.pipe(
  z.object({
    appNamespace: namespaceSchema,
    revision: z._default(z.string(), ''),
    revisions: z._default(z.array(z.string()), []),
    sourcePositions: z._default(z.array(z.number()), []),
    infos: z._default(z.array(z.object({ name: z.string(), value: z.string() })), []),
    prune: z._default(z.boolean(), false),
    syncOptions: z.optional(z.object({ items: z.array(z.string()) })),
    retryStrategy: z.optional(
      z.object({
        limit: z.exactOptional(z.number()),
        backoff: z.exactOptional(
          z.object({
            duration: z.exactOptional(z.string()),
            factor: z.exactOptional(z.number()),
            maxDuration: z.exactOptional(z.string()),
          }),
        ),
      }),
    ),
  }),
  z.transform(({ syncOptions, ...body }) => ({ ...body, syncOptions: syncOptions?.items })),
);

const rollbackSchema = z.object({ appNamespace: namespaceSchema, id: z.number() });

export const readSyncBody = (text: string): SyncBody | Refusal => read(syncSchema, text);
export const readRollbackBody = (text: string) => read(rollbackSchema, text);

function read<Body extends object>(schema: z.ZodMiniType<Body>, text: string): Body | Refusal {
  let json: unknown;
  try {
    json = JSON.parse(text === '' ? '{}' : text);
  } catch (error) {
    return { code: 3, message: String(error) };
  }
  const { success, data, error } = schema.safeParse(json);
  return success ? data : { code: 3, message: z.prettifyError(error) };
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'message' in value;
}

/** The requested revisions, one for each source; empty: those that the application follows. */
export function wantedRevisions(record: ApplicationRecord, body: SyncBody): string[] {
  if (record.object.spec.sources === undefined) return [body.revision];
  const wanted = sourcesOf(record).map(() => '');
  for (const [index, position] of body.sourcePositions.entries())
    wanted[position - 1] = body.revisions[index] ?? '';
  return wanted;
}

export function resolveRevisions(
  { repositories }: Backend,
  record: ApplicationRecord,
  wanted: readonly string[],
): string[] | Refusal {
  const resolved: string[] = [];
  for (const [index, source] of sourcesOf(record).entries()) {
    const name = wanted[index] || (source.targetRevision ?? 'HEAD');
    const revision = repositories.resolve(source, name);
    if (revision === undefined) return unresolved('Unknown', `unable to resolve '${name}' to a commit SHA`);
    resolved.push(revision);
  }
  return resolved;
}

/** `code`: the name of the gRPC code. */
export function unresolved(code: string, message: string): Refusal {
  return { code: 9, message: `error resolving repo revision: rpc error: code = ${code} desc = ${message}` };
}

/** The operation of a sync. Members of the request replace those of the application. */
export function syncOperation(
  { object }: ApplicationRecord,
  account: string,
  body: SyncBody,
  revisions: string[],
): Operation {
  const { source, sources } = object.spec;
  const own = ownSyncPolicy(object);
  const syncOptions = body.syncOptions ?? own.syncOptions;
  return {
    sync: {
      ...(sources ? {} : { revision: revisions[0] ?? '' }),
      ...(body.prune ? { prune: true } : {}),
      ...(source ? { source } : {}),
      ...(syncOptions.length > 0 ? { syncOptions } : {}),
      ...(sources ? { sources, revisions } : {}),
    },
    initiatedBy: { username: account },
    ...(body.infos.length > 0 ? { info: body.infos } : {}),
    retry: body.retryStrategy ?? own.retry,
  };
}

/** Accepts the operation, unless another one is running. */
export function accepted({ operations }: Backend, record: ApplicationRecord, operation: Operation): Answer {
  if (record.object.operation)
    return refused({ code: 9, message: 'another operation is already in progress' });
  operations.accept(record, operation);
  return json(withoutResourceHealth(record.object));
}

export function sync(backend: Backend, record: ApplicationRecord, account: string, body: SyncBody): Answer {
  const revisions = resolveRevisions(backend, record, wantedRevisions(record, body));
  if (isRefusal(revisions)) return refused(revisions);
  return accepted(backend, record, syncOperation(record, account, body, revisions));
}

/** Rolls back to an entry of the history. Unlike a sync it has no infos and no hooks. */
export function rollback(
  backend: Backend,
  record: ApplicationRecord,
  account: string,
  id: number,
  options: Pick<SyncRequest, 'prune' | 'dryRun'> = {},
): Answer {
  const { metadata, status } = record.object;
  if (isAutomated(record.object))
    return refused({ code: 9, message: 'rollback cannot be initiated when auto-sync is enabled' });
  const entry = status.history?.find((each) => each.id === id);
  if (!entry) {
    const message = `application ${metadata.namespace}/${metadata.name} does not have deployment with id ${id}`;
    return refused({ code: 3, message });
  }
  const { revision, source, sources, revisions } = entry;
  return accepted(backend, record, {
    sync: {
      ...(sources || revision === undefined ? {} : { revision }),
      ...options,
      syncStrategy: { apply: {} },
      source,
      ...(sources && revisions ? { sources, revisions } : {}),
    },
    initiatedBy: { username: account },
    retry: {},
  });
}

export function terminate({ operations }: Backend, record: ApplicationRecord): Answer {
  if (operations.terminate(record)) return json({});
  return refused({ code: 3, message: 'Unable to terminate operation. No operation is in progress' });
}
