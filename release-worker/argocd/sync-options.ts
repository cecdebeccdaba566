// How a sync is to be done, as Argo CD takes it in the body of the request.
//
// Sync options and retries in the body take the place of the application's own, as soon as the member is there. Source:
// `Sync` in Argo CD's `server/application/application.go`. So what the application has goes along.
import * as z from 'zod/mini';

const ownRetrySchema = z.looseObject({ backoff: z.nullish(z.looseObject({})) });

export const ownSyncPolicySchema = z.object({
  spec: z.object({
    syncPolicy: z.nullish(
      z.object({ syncOptions: z.nullish(z.array(z.string())), retry: z.nullish(ownRetrySchema) }),
    ),
  }),
});

/** What the application itself says of its syncs. */
export interface OwnSyncPolicy {
  readonly syncOptions: readonly string[];
  /** as it stands in the application */
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
  /** Argo CD only says what it would do, and changes nothing. */
  readonly dryRun?: boolean;
  /** `Name=value` each; Argo CD ignores unknown ones without a word (`sync-options-unknown`) */
  readonly syncOptions?: readonly string[];
  /** `apply` leaves hooks out; without a strategy Argo CD runs them */
  readonly strategy?: 'hook' | 'apply';
  /** resources that cannot be changed are replaced */
  readonly force?: boolean;
  readonly retry?: SyncRetry;
}

/** What is absent is as the application has it, or as Argo CD does it by default. */
interface SyncRetry {
  /** attempts after the first */
  readonly limit: number;
  readonly backoffMs?: number;
  readonly factor?: number;
  readonly maxBackoffMs?: number;
}

/**
 * The members of the body; what was not asked for is left to Argo CD.
 * @param own what the application has, to which the options are added; without it they take its place
 */
export function syncOptionsOf(
  { dryRun, syncOptions = [], strategy, force, retry }: SyncOptions,
  own: OwnSyncPolicy = { syncOptions: [] },
) {
  return {
    ...(dryRun === true ? { dryRun } : {}),
    // An object with items: a plain list is refused (`sync-options-array`).
    ...(syncOptions.length === 0 ? {} : { syncOptions: { items: merged(own.syncOptions, syncOptions) } }),
    // `force` belongs to a strategy; `hook` is what Argo CD does without one (`sync-strategy-hook`).
    ...(strategy === undefined && force !== true
      ? {}
      : { strategy: { [strategy ?? 'hook']: { force: force === true } } }),
    ...(retry === undefined ? {} : { retryStrategy: retryOf(retry, own.retry) }),
  };
}

/** Of two options of one name the later one counts. */
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
