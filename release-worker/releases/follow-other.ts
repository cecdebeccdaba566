// Follows an operation that this release did not send: Argo CD's automated sync, or a sync that somebody started before.
// If that operation deploys the revision that was shown, the release has succeeded.
import { messageOf } from '../../service/log.ts';
import type { AppOutcome } from '../../messages/release.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { shortRevision } from '../drift/summary.ts';
import { deployedAllTheSame } from './deployed-all-the-same.ts';
import { healthy } from './health.ts';
import { leftOut } from './left-out.ts';
import { createAppUpdates, gone, isGone, lookNow } from './app-updates.ts';
import type { FollowOptions } from './app-updates.ts';
import type { AppEnd, PlannedApp } from './release.ts';
import { untilSynced } from './verify.ts';

/** An operation of somebody else blocks the sync of this release, or has replaced it. */
export interface Other {
  /** how the release of the application ends if the operation does not deploy the revision that was shown */
  readonly otherwise: Extract<AppOutcome, 'in-progress' | 'failed'>;
  /** why our own sync does not count, in words */
  readonly why: string;
}

/** Whether an operation is pending or running. */
export function isUnderWay({ phase }: AppRecord): boolean {
  return phase === 'Pending' || phase === 'Running' || phase === 'Terminating';
}

/** Who started the operation, and what it deploys, in words. */
export function othersInWords(record: AppRecord | undefined): string {
  const { automated, deploys, releaseId } = record?.detail?.operation ?? {};
  const what = deploys === undefined ? '' : ` to ${shortRevision(deploys)}`;
  if (releaseId !== undefined) return `the sync of release ${releaseId}${what}`;
  return automated === true ? `Argo CD's automated sync${what}` : `somebody else's operation${what}`;
}

/** Resolves to undefined when `signal` is aborted. */
export async function followOther(options: FollowOptions, other: Other): Promise<AppEnd | undefined> {
  const { clock, app, deadline, signal, terminate, onProgress } = options;
  const bad = (message: string): AppEnd => ({ outcome: other.otherwise, message, good: false });
  const updates = createAppUpdates(options);
  /** kept, because the stream no longer contains it once the operation has ended */
  let who = othersInWords(updates.record());

  for (;;) {
    if (signal.aborted) return undefined;
    const record = updates.record();
    if (terminate?.aborted === true)
      return {
        outcome: 'terminated',
        message: `${who} continues, and the worker no longer waits for it`,
        good: false,
      };
    if (record?.detail !== undefined) {
      if (!isUnderWay(record)) return endOfOther(options, record, who, other);
      const { deploys } = record.detail.operation;
      if (deploys !== undefined) {
        who = othersInWords(record);
        if (deploys !== app.to)
          return (
            deployedAllTheSame(record, app) ??
            bad(`${other.why}: ${who} is in progress, but ${shortRevision(app.to)} was shown`)
          );
      }
      onProgress({ phase: 'running', message: `${who} is running and deploys what was shown` });
    }
    if (clock.monotonic() >= deadline)
      return bad(`${other.why}: ${who} did not end within worker.release.appTimeoutMs`);

    const { by } = await updates.next(deadline - clock.monotonic(), terminate);
    if (by === 'gone') return gone;
  }
}

async function endOfOther(
  options: FollowOptions,
  ended: AppRecord,
  who: string,
  other: Other,
): Promise<AppEnd | undefined> {
  const { registry, app, signal, argocd, how } = options;
  const bad = (message: string): AppEnd => ({
    outcome: other.otherwise,
    message: `${other.why}: ${message}`,
    good: false,
  });
  if (ended.phase !== 'Succeeded')
    return bad(`${who} ended as ${ended.phase}: ${ended.detail?.message ?? ''}`);
  const synced = await untilSynced(options);
  if (signal.aborted) return undefined;
  try {
    const current = registry.get(keyOf(app));
    const record = synced && current?.detail !== undefined ? current : await lookNow(options, 'normal');
    const detail = record.sync === 'Synced' ? undefined : await argocd.syncDetail(app);
    const end = deployedAllTheSame(record, app, detail);
    if (end !== undefined) return await healthy(options, end);
    if (record.detail?.deployed !== app.to)
      return bad(
        `${who} has ended, and ${shortRevision(record.detail?.deployed ?? '')} is deployed instead of ${shortRevision(app.to)}`,
      );
    const left =
      detail === undefined ? undefined : leftOut({ detail, app, how: how === 'rollback' ? how : 'release' });
    return bad(`${who} has ended, and the application still differs${left === undefined ? '' : `: ${left}`}`);
  } catch (error) {
    if (isGone(error)) return gone;
    if (signal.aborted) return undefined;
    return bad(`${who} has ended, but the new state could not be read: ${messageOf(error)}`);
  }
}

/** Whether an operation of somebody else may deploy the planned revision, so that waiting for it makes sense. */
export function mayDeploy(record: AppRecord | undefined, app: PlannedApp): boolean {
  if (record?.detail === undefined || app.to === '') return false;
  const { deploys } = record.detail.operation;
  if (deploys !== app.to) return false;
  return isUnderWay(record) || record.detail.deployed === app.to;
}
