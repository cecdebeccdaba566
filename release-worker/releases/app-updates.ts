// Updates of one application: what the registry hears of it, or a look by GET.
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
  /** a target newer than the one that the sync is pinned to, found by the refresh before it */
  readonly newer?: string;
  /** on the monotonic clock: then the release of this application ends as timed out */
  readonly deadline: number;
  readonly refreshTimeoutMs: number;
  /** Without updates, looks come at least this often, in milliseconds; absent: as often as somebody waits for. */
  readonly longestLookMs?: number;
  /** whether to wait for health after the sync */
  readonly waitHealthy: boolean;
  readonly how: 'release' | 'rollback' | 'dry-run';
  /** ends the following without an end */
  readonly signal: AbortSignal;
  /** somebody wants the sync to end: Argo CD is told so as soon as it runs */
  readonly terminate?: AbortSignal;
  readonly onProgress: (progress: AppProgress) => void;
}

/** Looks by GET come this long after the last update, and then less and less often. In milliseconds. */
const firstLookMs = 2_000;
const longestLookMs = 15_000;
export const gone: AppEnd = { outcome: 'failed', message: 'the application is gone', good: false };

/** Only this is final: a 403 may mean that Kubernetes cannot be reached just now (`kubernetes-api-down-get`). */
export function isGone(error: unknown): boolean {
  return error instanceof ArgoCdError && error.kind === 'not-found';
}

interface AppUpdates {
  /** the application as it is known now */
  record(): AppRecord | undefined;
  /**
   * Waits for an update, and looks by GET where none comes in time.
   * @param ms wait no longer than this before the look
   * @param orAt as of `changed`
   */
  next(ms: number, orAt?: AbortSignal): Promise<Next>;
  /** Looks come as often again as at first. */
  lookSoon(): void;
}

/** What a look failed with changes nothing of what is known. */
type Next =
  | { readonly by: 'update' | 'look' | 'abort' | 'gone' }
  | { readonly by: 'failed-look'; readonly error: unknown };

export function createAppUpdates(options: FollowOptions): AppUpdates {
  const { registry, app, signal } = options;
  const key = keyOf(app);
  let record = registry.get(key);
  /** what the registry had when `record` was read; a look may tell of an application that the registry lacks */
  let seen = record;
  let lookMs = firstLookMs;
  return {
    record: () => record,
    lookSoon: () => {
      lookMs = firstLookMs;
    },
    next: async (ms, orAt) => {
      if (await changed(options, seen, Math.min(lookMs, ms), orAt)) {
        record = registry.get(key);
        seen = record;
        return { by: 'update' };
      }
      if (signal.aborted) return { by: 'abort' };
      lookMs = nextLookMs(options, lookMs);
      seen = registry.get(key);
      try {
        record = await lookNow(options);
        seen = registry.get(key);
        return { by: 'look' };
      } catch (error) {
        return isGone(error) ? { by: 'gone' } : { by: 'failed-look', error };
      }
    },
  };
}

/** How long to wait for an update before the next look. A lost application may answer once more from a cache. */
function nextLookMs(
  options: Pick<FollowOptions, 'registry' | 'app' | 'longestLookMs'>,
  lastMs: number,
): number {
  const { registry, app } = options;
  // Nobody waits for it.
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
  // The stream may have told something newer while the answer was on its way.
  return registry.get(keyOf(app)) ?? record;
}

/**
 * Resolves to true when the registry has an update of the application, or `orAt` comes; to false after `ms` or when aborted.
 * Also to false, at once, where the registry has lost the application: then a look must tell whether it is gone.
 * @param seen the registry's record at the caller's last look: what came while the caller waited for something else
 * counts as an update at once
 */
export function changed(
  { registry, clock, app, signal }: Pick<FollowOptions, 'registry' | 'clock' | 'app' | 'signal'>,
  seen: AppRecord | undefined,
  ms: number,
  orAt?: AbortSignal,
): Promise<boolean> {
  const key = keyOf(app);
  return new Promise((resolve) => {
    const isLost = () => seen !== undefined && registry.get(key) === undefined;
    if (signal.aborted || registry.get(key) !== seen || orAt?.aborted === true) {
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
