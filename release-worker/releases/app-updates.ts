// Waits for updates of one application: from the registry, or by a GET if none come in time.
import type { Clock } from '../../service/clock.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import { fetchApp } from '../drift/fetch-app.ts';
import type { Registry } from '../drift/registry.ts';
import type { AppEnd, AppProgress, PlannedApp } from './release.ts';

export interface FollowOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly app: PlannedApp;
  readonly releaseId: string;
  /** a target newer than the pinned one, found by the refresh before the sync */
  readonly newer?: string;
  /** on the monotonic clock: after it, the release of this application ends as timed out */
  readonly deadline: number;
  readonly refreshTimeoutMs: number;
  /** the longest pause between two GETs without an update, in milliseconds; absent: as short as for a person who waits */
  readonly longestLookMs?: number;
  /** whether to wait until the application is healthy after the sync */
  readonly waitHealthy: boolean;
  readonly how: 'release' | 'rollback' | 'dry-run';
  /** ends the wait without a result */
  readonly signal: AbortSignal;
  /** a request to terminate the sync; it is passed to Argo CD as soon as the sync runs */
  readonly terminate?: AbortSignal;
  readonly onProgress: (progress: AppProgress) => void;
}

/** The first GET comes this long after the last update. The pauses then grow. In milliseconds. */
const firstLookMs = 2_000;
const longestLookMs = 15_000;
export const gone: AppEnd = { outcome: 'failed', message: 'the application is gone', good: false };

/** Only `not-found` is final: a 403 may mean that Argo CD cannot reach Kubernetes now (`kubernetes-api-down-get`). */
export function isGone(error: unknown): boolean {
  return error instanceof ArgoCdError && error.kind === 'not-found';
}

interface AppUpdates {
  /** the application as last known */
  record(): AppRecord | undefined;
  /**
   * Waits for an update, and sends a GET if none comes in time.
   * @param ms longest wait before the GET
   * @param orAt ends the wait as an update does
   */
  next(ms: number, orAt?: AbortSignal): Promise<Next>;
  /** Resets the pause between two GETs to the first, short one. */
  lookSoon(): void;
}

/** A failed GET changes nothing of what is known. */
type Next =
  | { readonly by: 'update' | 'look' | 'abort' | 'gone' }
  | { readonly by: 'failed-look'; readonly error: unknown };

export function createAppUpdates(options: FollowOptions): AppUpdates {
  const { registry, app, signal } = options;
  const key = keyOf(app);
  let record = registry.get(key);
  /** the registry's entry when `record` was read; a GET may return an application that the registry lacks */
  let lastSeen = record;
  let lookMs = firstLookMs;
  return {
    record: () => record,
    lookSoon: () => {
      lookMs = firstLookMs;
    },
    next: async (ms, orAt) => {
      if (await changed(options, lastSeen, Math.min(lookMs, ms), orAt)) {
        record = registry.get(key);
        lastSeen = record;
        return { by: 'update' };
      }
      if (signal.aborted) return { by: 'abort' };
      lookMs = nextLookMs(options, lookMs);
      lastSeen = registry.get(key);
      try {
        record = await lookNow(options);
        lastSeen = registry.get(key);
        return { by: 'look' };
      } catch (error) {
        return isGone(error) ? { by: 'gone' } : { by: 'failed-look', error };
      }
    },
  };
}

/** The wait before the next GET. An application that the registry has lost may be returned once more from a cache. */
function nextLookMs(
  options: Pick<FollowOptions, 'registry' | 'app' | 'longestLookMs'>,
  lastMs: number,
): number {
  const { registry, app } = options;
  if (options.longestLookMs !== undefined) return Math.min(lastMs * 1.5, options.longestLookMs);
  return registry.get(keyOf(app)) === undefined ? firstLookMs : Math.min(lastMs * 1.5, longestLookMs);
}

export async function lookNow(
  {
    argocd,
    registry,
    app,
    refreshTimeoutMs,
  }: Pick<FollowOptions, 'argocd' | 'registry' | 'app' | 'refreshTimeoutMs'>,
  refresh?: 'normal',
): Promise<AppRecord> {
  const timeoutMs = refresh === undefined ? undefined : refreshTimeoutMs;
  const record = await fetchApp({ argocd, registry }, app, refresh, timeoutMs);
  // The stream may have brought a newer record while the answer was on its way.
  return registry.get(keyOf(app)) ?? record;
}

/**
 * Resolves to true when the registry has an update of the application, or when `orAt` is aborted. Resolves to false after
 * `ms`, or when `signal` is aborted. Also resolves to false at once when the registry has lost the application: only a
 * GET can tell whether it is gone.
 * @param lastSeen the record that the caller last got from the registry; a newer one counts as an update
 */
export function changed(
  { registry, clock, app, signal }: Pick<FollowOptions, 'registry' | 'clock' | 'app' | 'signal'>,
  lastSeen: AppRecord | undefined,
  ms: number,
  orAt?: AbortSignal,
): Promise<boolean> {
  const key = keyOf(app);
  return new Promise((resolve) => {
    const isLost = () => lastSeen !== undefined && registry.get(key) === undefined;
    if (signal.aborted || registry.get(key) !== lastSeen || orAt?.aborted === true) {
      resolve(!signal.aborted && !isLost());
      return;
    }
    const done = (isUpdated: boolean) => {
      timer.cancel();
      forget();
      signal.removeEventListener('abort', onAbort);
      orAt?.removeEventListener('abort', onWanted);
      resolve(isUpdated && !isLost());
    };
    const onAbort = () => done(false);
    const onWanted = () => done(true);
    const timer = clock.setTimeout(() => done(false), Math.max(0, ms));
    const forget = registry.onChange((keys) => {
      if (keys.has(key)) done(true);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    orAt?.addEventListener('abort', onWanted, { once: true });
  });
}
