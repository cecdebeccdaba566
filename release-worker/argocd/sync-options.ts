// How a sync is to be done, as Argo CD takes it in the body of the request.

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

export interface SyncRetry {
  /** attempts after the first */
  readonly limit: number;
  readonly backoffMs: number;
  readonly factor: number;
  readonly maxBackoffMs: number;
}

/** The members of the body; what was not asked for is left to Argo CD. */
export function syncOptionsOf({ dryRun, syncOptions, strategy, force, retry }: SyncOptions) {
  return {
    ...(dryRun === true ? { dryRun } : {}),
    // An object with items: a plain list is refused (`sync-options-array`).
    ...(syncOptions === undefined || syncOptions.length === 0 ? {} : { syncOptions: { items: syncOptions } }),
    // `force` belongs to a strategy; `hook` is what Argo CD does without one (`sync-strategy-hook`).
    ...(strategy === undefined && force !== true
      ? {}
      : { strategy: { [strategy ?? 'hook']: { force: force === true } } }),
    ...(retry === undefined
      ? {}
      : {
          retryStrategy: {
            limit: retry.limit,
            backoff: {
              duration: goDuration(retry.backoffMs),
              factor: retry.factor,
              maxDuration: goDuration(retry.maxBackoffMs),
            },
          },
        }),
  };
}

function goDuration(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
