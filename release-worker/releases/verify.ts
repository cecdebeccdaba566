// What a sync that succeeded has brought: the new sync status comes after its end, and health later still.
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { shortRevision } from '../drift/summary.ts';
import { changed, firstLookMs, gone, isGone, longestLookMs, lookNow } from './news.ts';
import type { FollowOptions } from './news.ts';
import type { AppEnd, PlannedApp } from './release.ts';

/** The new sync status comes 35 to 90 ms after the operation's end (`stream-sse-fields-sync`). */
const statusGraceMs = 2_000;
/** What was degraded before the release needs a while to recover. In milliseconds. */
const degradedGraceMs = 30_000;

/** After `Succeeded`: waits for the new sync status, and if asked for health. */
export async function verify(options: FollowOptions): Promise<AppEnd | undefined> {
  const { registry, app, signal, onProgress } = options;
  if (options.how === 'dry-run')
    return {
      outcome: 'still-out-of-sync',
      message: 'a dry run, which succeeded: nothing was changed',
      good: true,
    };
  onProgress({ phase: 'verifying' });
  const compared = await newStatus(options);
  if (signal.aborted) return undefined;

  let record = registry.get(keyOf(app));
  if (!compared || record?.detail === undefined) {
    try {
      record = await lookNow(options, 'normal');
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
  if (record.sync === 'Synced') return healthy(options, inSync(record, app));
  const deployed = record.detail?.deployed ?? '';
  if (app.to !== '' && record.target !== app.to && deployed === app.to)
    return healthy(options, {
      outcome: 'still-out-of-sync',
      message:
        options.how === 'rollback'
          ? `rolled back to ${shortRevision(app.to)}; the target is ${shortRevision(record.target)}, which stays as drift`
          : `released ${shortRevision(app.to)}, as shown; the target is ${shortRevision(record.target)} by now, which stays as drift`,
      good: true,
    });
  if (record.sync === 'Unknown')
    return {
      outcome: 'still-out-of-sync',
      message: 'the sync succeeded, but Argo CD cannot compare the application now',
      good: false,
    };
  return { outcome: 'still-out-of-sync', message: await whyStillOutOfSync(options), good: false };
}

/** Whether the status that the end of the sync brings has come within the grace. */
async function newStatus(options: FollowOptions): Promise<boolean> {
  const { how, newer, app } = options;
  // A pinned sync is compared with its own revision first, and with the branch only 0.2 s later
  // (`stream-sync-pinned-revision`).
  const withBranch = (record: AppRecord | undefined) => record?.target !== app.to;
  // What is rolled back was mostly in sync before: `Synced` may be old, and is not what it leads to.
  if (how === 'rollback')
    return untilGrace(options, (record) => record?.sync !== 'Synced' && withBranch(record));
  if (!(await untilGrace(options, (record) => record?.sync === 'Synced'))) return false;
  return newer === undefined || untilGrace(options, withBranch);
}

async function whyStillOutOfSync({ argocd, app, releaseId }: FollowOptions): Promise<string> {
  const succeeded = 'the sync succeeded and the application still differs';
  try {
    const { toPrune, ...detail } = await argocd.syncDetail(app);
    if (detail.releaseId === releaseId && toPrune > 0)
      return `${succeeded}: ${toPrune === 1 ? 'a resource is' : `${toPrune} resources are`} no longer in Git and would have to be pruned (\`prune: true\` on the button does that)`;
    return `${succeeded}: something changes it again, or a resource cannot be made equal to Git (Argo CD shows the difference)`;
  } catch {
    return `${succeeded}; a resource may have to be pruned (\`prune: true\` on the button does that)`;
  }
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
  return { outcome: 'in-sync', message: `in sync at ${shortRevision(record.target || app.to)}`, good: true };
}

/** Waits for health where that is asked for; `end` is how it ends once it is there. */
async function healthy(options: FollowOptions, end: AppEnd): Promise<AppEnd | undefined> {
  const { registry, clock, app, deadline, signal } = options;
  if (!options.waitHealthy) return end;
  const key = keyOf(app);
  const degradedCountsAt = clock.monotonic() + degradedGraceMs;
  let record = registry.get(key);
  let seen = record;
  let lookMs = firstLookMs;
  for (;;) {
    if (record?.health === 'Healthy') return end;
    const now = clock.monotonic();
    if (record?.health === 'Degraded' && now >= degradedCountsAt)
      return { outcome: 'failed', message: `${end.message}, but its health is Degraded`, good: false };
    const left = deadline - now;
    if (left <= 0)
      return {
        outcome: 'timed-out',
        message: `${end.message}, but not healthy in time (${record?.health ?? 'not seen'})`,
        good: false,
      };
    const untilCounts = now < degradedCountsAt ? degradedCountsAt - now : Infinity;
    if (await changed(options, seen, Math.min(lookMs, left, untilCounts))) {
      record = registry.get(key);
      seen = record;
      continue;
    }
    if (signal.aborted) return undefined;
    lookMs = Math.min(lookMs * 1.5, longestLookMs);
    try {
      record = await lookNow(options);
      seen = registry.get(key);
    } catch (error) {
      if (isGone(error)) return gone;
    }
  }
}
