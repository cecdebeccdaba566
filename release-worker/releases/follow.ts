// Follows one sync of ours to its end: by what the stream tells the registry, with a look by GET when in doubt.
import type { Clock } from '../../service/clock.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import { lookAt } from '../drift/look.ts';
import type { Registry } from '../drift/registry.ts';
import { shortRevision } from '../drift/summary.ts';
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
  /** whether to wait for health after the sync */
  readonly waitHealthy: boolean;
  /** ends the following without a verdict */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: AppProgress) => void;
}

/** How the last operation of an application looks to a release. */
type View =
  | { readonly state: 'unclear' }
  | { readonly state: 'not-ours' }
  | { readonly state: 'pending' | 'running' | 'succeeded' | 'failed'; readonly message: string };

/** Looks by GET come this long after the last news, and then less and less often. In milliseconds. */
const firstLookMs = 2_000;
const longestLookMs = 15_000;
/** The API server answers from a cache: only several looks in a row say that the operation is not ours. */
const looksUntilSure = 3;
/** The new sync status comes 35 to 90 ms after the operation's end (`stream-sse-fields-sync`). */
const statusGraceMs = 2_000;

export function viewOf(record: AppRecord | undefined, releaseId: string): View {
  if (record?.detail === undefined) return { state: 'unclear' };
  const { operation, message } = record.detail;
  if (operation.releaseId !== releaseId) return { state: 'not-ours' };
  switch (record.phase) {
    case 'Pending':
      return { state: 'pending', message: 'Argo CD has accepted the sync and not started it yet' };
    case 'Succeeded':
      return { state: 'succeeded', message };
    case 'Failed':
    case 'Error':
      return { state: 'failed', message };
    default:
      // Running, Terminating; between attempts `finishedAt` is set and the phase stays Running.
      return { state: 'running', message };
  }
}

/** Resolves to undefined when `signal` ended it. */
export async function followSync(options: FollowOptions): Promise<AppEnd | undefined> {
  const { registry, clock, app, releaseId, deadline, signal, onProgress } = options;
  const key = keyOf(app);
  let record = registry.get(key);
  let lookMs = firstLookMs;
  let strange = 0;
  let last = 'Argo CD has not said anything about it';

  for (;;) {
    if (signal.aborted) return undefined;
    const view = viewOf(record, releaseId);
    if (view.state === 'succeeded') return verify(options);
    if (view.state === 'failed')
      return view.message.includes('Operation terminated')
        ? { outcome: 'terminated', message: 'the sync was terminated', good: false }
        : { outcome: 'failed', message: view.message, good: false };
    if (view.state === 'pending' || view.state === 'running') {
      strange = 0;
      last = view.message === '' ? 'the sync is running' : view.message;
      onProgress({ phase: 'running', message: last });
    }
    if (clock.monotonic() >= deadline)
      return { outcome: 'timed-out', message: `not over in time; Argo CD said last: ${last}`, good: false };

    const waitMs = Math.min(lookMs, deadline - clock.monotonic());
    if (await changed(registry, key, clock, waitMs, signal)) {
      record = registry.get(key);
      continue;
    }
    if (signal.aborted) return undefined;
    lookMs = Math.min(lookMs * 1.5, longestLookMs);
    try {
      record = await look(options);
    } catch (error) {
      if (isGone(error)) return gone;
      last = messageOf(error);
      continue;
    }
    if (viewOf(record, releaseId).state === 'not-ours' && ++strange >= looksUntilSure)
      return superseded(record, app);
  }
}

/** Another operation has replaced ours, and only the last one is kept: the deployed revision must tell. */
function superseded(record: AppRecord | undefined, app: PlannedApp): AppEnd {
  return (
    deployedAllTheSame(record, app) ?? {
      outcome: 'failed',
      message: 'another operation took its place before its end was seen',
      good: false,
    }
  );
}

/** What was to be released is deployed, whoever did it; undefined where that cannot be told. */
export function deployedAllTheSame(record: AppRecord | undefined, app: PlannedApp): AppEnd | undefined {
  if (record?.detail === undefined || app.to === '' || record.detail.deployed !== app.to) return undefined;
  const inSync = record.sync === 'Synced';
  // Drift without a new revision (an edit in the cluster): that it is deployed says nothing.
  if (!inSync && app.from === app.to) return undefined;
  return {
    outcome: inSync ? 'in-sync' : 'still-out-of-sync',
    message: `${shortRevision(app.to)} is deployed; another operation has followed`,
    good: true,
  };
}

export const gone: AppEnd = { outcome: 'failed', message: 'the application is gone', good: false };

/** Only this is final: a 403 may mean that Kubernetes cannot be reached just now (`kubernetes-api-down-get`). */
export function isGone(error: unknown): boolean {
  return error instanceof ArgoCdError && error.kind === 'not-found';
}

/** After `Succeeded`: waits for the new sync status, and if asked for health. */
async function verify(options: FollowOptions): Promise<AppEnd | undefined> {
  const { registry, app, signal, newer, onProgress } = options;
  const key = keyOf(app);
  onProgress({ phase: 'verifying' });
  await untilGrace(options, (record) => record?.sync === 'Synced');
  // A pinned sync is compared with its own revision first, and with the branch only 0.2 s later
  // (`stream-sync-pinned-revision`).
  let compared = registry.get(key)?.sync === 'Synced';
  if (compared && newer !== undefined) {
    const withBranch = (record: AppRecord | undefined) => record?.target !== app.to;
    await untilGrace(options, withBranch);
    compared = withBranch(registry.get(key));
  }
  if (signal.aborted) return undefined;

  let record = registry.get(key);
  if (!compared || record?.detail === undefined) {
    try {
      record = await look(options, 'normal');
    } catch (error) {
      if (isGone(error)) return gone;
      if (signal.aborted) return undefined;
      return {
        outcome: 'still-out-of-sync',
        message: `the sync succeeded, but it could not be seen whether it helped: ${messageOf(error)}`,
        good: false,
      };
    }
  }
  if (record.sync === 'Synced') return options.waitHealthy ? healthy(options) : inSync(record, app);
  const deployed = record.detail?.deployed ?? '';
  if (app.to !== '' && record.target !== app.to && deployed === app.to)
    return {
      outcome: 'still-out-of-sync',
      message: `released ${shortRevision(app.to)}, as shown; the target is ${shortRevision(record.target)} by now, which stays as drift`,
      good: true,
    };
  return {
    outcome: 'still-out-of-sync',
    message:
      record.sync === 'Unknown'
        ? 'the sync succeeded, but Argo CD cannot compare the application now'
        : 'the sync succeeded and the application still differs; resources may need to be pruned (`prune: true` on the button does that)',
    good: false,
  };
}

async function untilGrace(
  { registry, clock, app, signal }: FollowOptions,
  holds: (record: AppRecord | undefined) => boolean,
): Promise<void> {
  const key = keyOf(app);
  const graceUntil = clock.monotonic() + statusGraceMs;
  while (!holds(registry.get(key)) && clock.monotonic() < graceUntil && !signal.aborted)
    await changed(registry, key, clock, graceUntil - clock.monotonic(), signal);
}

function inSync(record: AppRecord, app: PlannedApp): AppEnd {
  return { outcome: 'in-sync', message: `in sync at ${shortRevision(record.target || app.to)}`, good: true };
}

async function healthy(options: FollowOptions): Promise<AppEnd | undefined> {
  const { registry, clock, app, deadline, signal } = options;
  const key = keyOf(app);
  let record = registry.get(key);
  let lookMs = firstLookMs;
  for (;;) {
    if (record?.health === 'Healthy') return inSync(record, app);
    if (record?.health === 'Degraded')
      return { outcome: 'failed', message: 'in sync, but its health is Degraded', good: false };
    const left = deadline - clock.monotonic();
    if (left <= 0)
      return {
        outcome: 'timed-out',
        message: `in sync, but not healthy in time (${record?.health ?? 'not seen'})`,
        good: false,
      };
    if (await changed(registry, key, clock, Math.min(lookMs, left), signal)) {
      record = registry.get(key);
      continue;
    }
    if (signal.aborted) return undefined;
    lookMs = Math.min(lookMs * 1.5, longestLookMs);
    try {
      record = await look(options);
    } catch (error) {
      if (isGone(error)) return gone;
    }
  }
}

async function look(
  { argocd, registry, app, refreshTimeoutMs }: FollowOptions,
  refresh?: 'normal',
): Promise<AppRecord> {
  const timeoutMs = refresh === undefined ? undefined : refreshTimeoutMs;
  const record = await lookAt({ argocd, registry }, app, refresh, timeoutMs);
  // The stream may have told something newer while the answer was on its way.
  return registry.get(keyOf(app)) ?? record;
}

/** Resolves to true when the registry has news of the application, to false after `ms` or when aborted. */
function changed(
  registry: Registry,
  key: string,
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const done = (news: boolean) => {
      timer.cancel();
      forget();
      signal.removeEventListener('abort', onAbort);
      resolve(news);
    };
    const onAbort = () => done(false);
    const timer = clock.setTimeout(() => done(false), Math.max(0, ms));
    const forget = registry.onChange((keys) => {
      if (keys.has(key)) done(true);
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
