// The options of a sync, in the form that Argo CD expects in the body of the request.
//
// If the body contains sync options or retries, they replace the application's own. Source: `Sync` in Argo CD's
// `server/application/application.go`. So the worker adds the application's own to the body.
import * as z from 'zod/mini';

const ownRetrySchema = z.looseObject({ backoff: z.nullish(z.looseObject({})) });

export const ownSyncPolicySchema = z.object({
  spec: z.object({
    syncPolicy: z.nullish(
      z.object({ syncOptions: z.nullish(z.array(z.string())), retry: z.nullish(ownRetrySchema) }),
    ),
  }),
});

/** The application's own settings for its syncs. */
export interface OwnSyncPolicy {
  readonly syncOptions: readonly string[];
  /** as the application has it */
  readonly retry?: z.infer<typeof ownRetrySchema>;
}

export function ownSyncPolicyOf({ spec }: z.infer<typeof ownSyncPolicySchema>): OwnSyncPolicy {
  const { syncOptions, retry } = spec.syncPolicy ?? {};
  return {
    syncOptions: syncOptions ?? [],
    ...(retry === null || retry === undefined ? {} : { retry }),
  };
}

export interface SyncOptions {
  /** Argo CD only reports what it would do, and changes nothing. */
  readonly dryRun?: boolean;
  /** each in the form `Name=value`; Argo CD silently ignores unknown ones (`sync-options-unknown`) */
  readonly syncOptions?: readonly string[];
  /** `apply` skips hooks; without a strategy Argo CD runs them */
  readonly strategy?: 'hook' | 'apply';
  /** replace resources that cannot be changed */
  readonly force?: boolean;
  readonly retry?: SyncRetry;
}

/** For an absent member, the application's own value counts, or else Argo CD's default. */
interface SyncRetry {
  /** attempts after the first */
  readonly limit: number;
  readonly backoffMs?: number;
  readonly factor?: number;
  readonly maxBackoffMs?: number;
}

/**
 * The members of the body. Members that were not asked for are left to Argo CD.
 * @param own the application's own settings, to which the options are added; absent: the options replace them
 */
export function syncOptionsOf(
  { dryRun, syncOptions = [], strategy, force, retry }: SyncOptions,
  own: OwnSyncPolicy = { syncOptions: [] },
) {
  return {
    ...(dryRun === true ? { dryRun } : {}),
    // An object with items: a plain list is refused (`sync-options-array`).
    ...(syncOptions.length === 0 ? {} : { syncOptions: { items: merged(own.syncOptions, syncOptions) } }),
    // `force` needs a strategy. Without one, Argo CD uses `hook` (`sync-strategy-hook`).
    ...(strategy === undefined && force !== true
      ? {}
      : { strategy: { [strategy ?? 'hook']: { force: force === true } } }),
    ...(retry === undefined ? {} : { retryStrategy: retryOf(retry, own.retry) }),
  };
}

/** If two options have the same name, the added one counts. */
function merged(own: readonly string[], added: readonly string[]): readonly string[] {
  const nameOf = (option: string) => option.split('=', 1)[0];
  const names = new Set(added.map(nameOf));
  return [...own.filter((option) => !names.has(nameOf(option))), ...added];
}

function retryOf({ limit, backoffMs, factor, maxBackoffMs }: SyncRetry, own: OwnSyncPolicy['retry']) {
  const backoff = {
    ...own?.backoff,
    ...(backoffMs === undefined ? {} : { duration: goDuration(backoffMs) }),
    ...(factor === undefined ? {} : { factor }),
    ...(maxBackoffMs === undefined ? {} : { maxDuration: goDuration(maxBackoffMs) }),
  };
  return { ...own, limit, ...(Object.keys(backoff).length === 0 ? {} : { backoff }) };
}

function goDuration(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
