// Checks what a successful sync has achieved. The new sync status arrives after the sync has ended, and health even later.
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { SyncDetail } from '../argocd/sync-detail.ts';
import { shortRevision } from '../drift/summary.ts';
import { deployedAllTheSame } from './deployed-all-the-same.ts';
import { healthy } from './health.ts';
import { leftOut } from './left-out.ts';
import { changed, gone, isGone, lookNow } from './app-updates.ts';
import type { FollowOptions } from './app-updates.ts';
import type { AppEnd, PlannedApp } from './release.ts';

/** The new sync status comes 35 to 90 ms after the operation's end (`stream-sse-fields-sync`). */
const statusGraceMs = 2_000;

/** Called after `Succeeded`. Waits for the new sync status, and for health if the configuration asks for it. */
export async function verify(options: FollowOptions): Promise<AppEnd | undefined> {
  const { registry, app, signal, onProgress } = options;
  if (options.how === 'dry-run')
    return {
      outcome: 'still-out-of-sync',
      message: 'the dry run succeeded; nothing was changed',
      good: true,
    };
  onProgress({ phase: 'verifying' });
  const { complete, wasInSync } = await newStatus(options);
  if (signal.aborted) return undefined;

  let record = registry.get(keyOf(app));
  if (!complete || record?.detail === undefined || record.target === undefined) {
    try {
      record = await lookNow(options, 'normal');
    } catch (error) {
      if (isGone(error)) return gone;
      if (signal.aborted) return undefined;
      return notSeen(error);
    }
  }
  if (record.sync === 'Synced') return healthy(options, inSync(record, app));
  if (record.sync === 'Unknown')
    return {
      outcome: 'still-out-of-sync',
      message: 'the sync succeeded, but Argo CD cannot compare the application now',
      good: false,
    };
  // The application was in sync for a moment, so the sync left nothing out: the branch has moved on.
  if (wasInSync) return afterwards(options, record, record.detail?.deployed ?? '', undefined);

  let detail: SyncDetail;
  try {
    detail = await options.argocd.syncDetail(app);
  } catch (error) {
    if (isGone(error)) return gone;
    if (signal.aborted) return undefined;
    return notSeen(error);
  }
  // The status may have arrived in the meantime.
  const latest = registry.get(keyOf(app)) ?? record;
  if (latest.sync === 'Synced' && options.how === 'release') return healthy(options, inSync(latest, app));
  if (detail.releaseId !== options.releaseId)
    return deployedAllTheSame(latest, app, detail) ?? replaced(latest, app);
  return afterwards(
    options,
    latest,
    detail.revision === '' ? app.to : detail.revision,
    leftOut({ detail, app, how: options.how }),
  );
}

/**
 * How the release ends if the application is out of sync after a successful sync.
 * @param revision the revision that the sync deployed
 * @param left what the sync left out, in words
 */
function afterwards(
  options: FollowOptions,
  record: AppRecord,
  revision: string,
  left: string | undefined,
): Promise<AppEnd | undefined> | AppEnd {
  const deployed = record.detail?.deployed ?? '';
  const { target: found } = record;
  const movedOn = revision !== '' && found !== undefined && found !== revision && deployed === revision;
  if (!movedOn) {
    const why =
      left ?? 'something changes it again, or a sync cannot remove the difference (Argo CD shows it)';
    return {
      outcome: 'still-out-of-sync',
      message: `the sync succeeded and the application still differs: ${why}`,
      good: false,
    };
  }
  const target = shortRevision(found);
  const done =
    options.how === 'rollback'
      ? `rolled back to ${shortRevision(revision)}`
      : `released ${shortRevision(revision)}${revision === options.app.to ? ', as shown' : ''}`;
  if (left !== undefined)
    return {
      outcome: 'still-out-of-sync',
      message: `${done}, but ${left}; the target is now ${target}`,
      good: false,
    };
  return healthy(options, {
    outcome: 'still-out-of-sync',
    message:
      options.how === 'rollback'
        ? `${done}; the target is ${target}, which stays as drift`
        : `${done}; the target is now ${target}, which stays as drift`,
    good: true,
  });
}

function notSeen(error: unknown): AppEnd {
  return {
    outcome: 'still-out-of-sync',
    message: `the sync succeeded, but the new state could not be read: ${messageOf(error)}`,
    good: false,
  };
}

function replaced(record: AppRecord, app: PlannedApp): AppEnd {
  const deployed = app.to !== '' && record.detail?.deployed === app.to;
  return {
    outcome: 'still-out-of-sync',
    message: `the sync succeeded${deployed ? ` and ${shortRevision(app.to)} is deployed` : ''}, but another operation has followed, and the application differs`,
    good: false,
  };
}

interface NewStatus {
  /** whether the sync status that follows the sync arrived in time */
  readonly complete: boolean;
  /** whether the application was in sync with the revision that the sync deployed */
  readonly wasInSync: boolean;
}

async function newStatus(options: FollowOptions): Promise<NewStatus> {
  const { how, newer, app } = options;
  // Argo CD compares a pinned sync with its own revision first, and with the branch 0.2 s later
  // (`stream-sync-pinned-revision`).
  const withBranch = (record: AppRecord | undefined) =>
    record?.target !== undefined && record.target !== app.to;
  // The application was mostly in sync before a rollback: `Synced` may be the old status, and is not the expected one.
  if (how === 'rollback')
    return {
      complete: await untilGrace(options, (record) => record?.sync !== 'Synced' && withBranch(record)),
      wasInSync: false,
    };
  if (!(await untilSynced(options))) return { complete: false, wasInSync: false };
  return { complete: newer === undefined || (await untilGrace(options, withBranch)), wasInSync: true };
}

/** Whether the application becomes in sync in time. */
export function untilSynced(options: FollowOptions): Promise<boolean> {
  return untilGrace(options, (record) => record?.sync === 'Synced');
}

async function untilGrace(
  options: FollowOptions,
  holds: (record: AppRecord | undefined) => boolean,
): Promise<boolean> {
  const { registry, clock, app, signal } = options;
  const key = keyOf(app);
  const graceUntil = clock.monotonic() + statusGraceMs;
  while (!holds(registry.get(key)) && clock.monotonic() < graceUntil && !signal.aborted)
    await changed(options, registry.get(key), graceUntil - clock.monotonic());
  return holds(registry.get(key));
}

function inSync(record: AppRecord, app: PlannedApp): AppEnd {
  return { outcome: 'in-sync', message: `in sync at ${shortRevision(record.target ?? app.to)}`, good: true };
}
