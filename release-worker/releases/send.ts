// Sends the sync of one application: refresh, pin, write to the journal, POST once.
import type { Clock } from '../../service/clock.ts';
import { durationInWords } from '../../service/duration.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd, SyncRequest } from '../argocd/client.ts';
import type { OwnSyncPolicy } from '../argocd/sync-options.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import { fetchApp } from '../drift/fetch-app.ts';
import type { Registry } from '../drift/registry.ts';
import { shortRevision } from '../drift/summary.ts';
import { lookForOurs } from './look-for-ours.ts';
import type { Overtaken, Sent } from './look-for-ours.ts';
import { gone, isGone } from './app-updates.ts';
import type { AppEnd, PlannedApp, PlannedRelease, ReleaseSettings } from './release.ts';
import { infosOf } from './release.ts';

export interface SendOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly release: PlannedRelease;
  readonly app: PlannedApp;
  readonly refreshTimeoutMs: number;
  /** on the monotonic clock */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** false after another worker has taken over: then nothing more is started */
  readonly mayAct: () => boolean;
  /** Resolves when it is known whether another worker has taken over. */
  readonly whenTakeoverKnown: () => Promise<void>;
  /** How long this process was paused or starved since the press was accepted, in milliseconds. */
  readonly heldMs: () => number;
  /** why the sync must no longer be sent, in words; undefined: it may be sent */
  readonly unwanted: () => string | undefined;
  /** Why a sync left over from an ended release blocks this application, in words. */
  readonly whyLeft?: (key: string) => string | undefined;
  /** Argo CD has refused the sync for a reason that the light should have shown. */
  readonly onRefused: (key: string, why: 'not-permitted' | 'blocked-by-window') => void;
  /** Writes to disk that the POST comes next. @throws an error when the line cannot be written */
  readonly writeSending: () => Promise<void>;
}

/** Resolves to undefined when `signal` is aborted before the result is known. Then the next start looks for the sync. */
export async function sendSync(options: SendOptions): Promise<AppEnd | Sent | Overtaken | undefined> {
  const { argocd, registry, app, release, signal } = options;
  const { settings } = release;

  // Requested during the refresh, which takes longer.
  const ownPolicy = wantsOwnPolicy(settings) ? ownPolicyOf(options) : undefined;
  let refreshed: AppRecord | undefined;
  if (settings.refresh !== 'none') {
    const found = await refresh(options, settings.refresh);
    if (found !== undefined && 'outcome' in found) return found;
    refreshed = found;
    if (refreshed?.sync === 'Synced' && release.action === undefined)
      return {
        outcome: 'already-in-sync',
        message: `already in sync at ${shownRevision(refreshed)}`,
        good: true,
      };
  }
  if (signal.aborted) return undefined;

  const changed = refreshed !== undefined && refreshed.target !== app.to;
  if (settings.pinRevision && app.to === '')
    return {
      outcome: 'changed',
      message: 'its target was not known, so nobody was shown what would be released. Press again',
      good: false,
    };
  // Argo CD refuses to pin an automated sync, so it is only sent if the target is known to be the one that was shown.
  const automated = refreshed?.automated ?? app.automated;
  if (automated && release.action === 'rollback')
    return {
      outcome: 'refused',
      message: 'automated sync would undo a rollback, and Argo CD refuses it; revert in Git instead',
      good: false,
    };
  const pin = settings.pinRevision && !automated;
  if (settings.pinRevision && automated && (refreshed === undefined || changed))
    return {
      outcome: 'changed',
      message:
        refreshed === undefined
          ? 'automated sync cannot be pinned, and the worker could not check whether its target is still the one shown (with `refresh: none` it never can; remove that from the button)'
          : `automated sync cannot be pinned, and its target is now ${shownRevision(refreshed)} instead of ${shortRevision(app.to)}`,
      good: false,
    };

  const own = await ownPolicy;
  if (own !== undefined && 'outcome' in own) return own;
  if (signal.aborted) return undefined;
  await options.whenTakeoverKnown();
  const barred = whyNotNow(options);
  if (barred !== undefined) return barred;
  const ready = whenWritten(options);

  const target = refreshed?.target ?? registry.get(keyOf(app))?.target;
  const newer = pin && target !== undefined && target !== app.to ? { newer: target } : {};
  try {
    const request = {
      ...optionsOf(settings),
      infos: infosOf(release),
      ...(pin ? pinned(app) : {}),
      ...(own === undefined ? {} : { own }),
    };
    await argocd.sync(app, request, ready);
    return { sent: true, ...newer };
  } catch (error) {
    if (error instanceof NotSent) return error.end;
    const found = await afterRefusal(options, error);
    return found !== undefined && 'sent' in found ? { ...found, ...newer } : found;
  }
}

/** The sync was stopped right before the POST. Without `end`, the next start decides what happened. */
class NotSent extends Error {
  override readonly name = 'NotSent';
  readonly end: AppEnd | undefined;

  constructor(end: AppEnd | undefined) {
    super(end?.message ?? 'the worker stops');
    this.end = end;
  }
}

/** Writes the `sending` line while the connection opens, and lets the POST go out once the line is on disk. */
function whenWritten(options: SendOptions): () => Promise<void> {
  const written = options.writeSending().then(
    () => undefined,
    (error: unknown): AppEnd => ({
      outcome: 'failed',
      message: `not sent: ${messageOf(error)}`,
      good: false,
    }),
  );
  return async () => {
    const barred = (await written) ?? whyNotNow(options);
    if (barred !== undefined || options.signal.aborted) throw new NotSent(barred);
  };
}

/** Right before the POST: another worker may have taken over, or the press may be long past. */
function whyNotNow({ mayAct, heldMs, unwanted }: SendOptions): AppEnd | undefined {
  const why = unwanted();
  if (why !== undefined) return { outcome: 'terminated', message: `not sent: ${why}`, good: false };
  const ended = (why: string): AppEnd => ({
    outcome: 'interrupted',
    message: `never sent: ${why}`,
    good: false,
  });
  if (!mayAct()) return ended('another worker has taken over');
  const ms = heldMs();
  return ms > 0
    ? ended(`the worker was paused or starved for ${durationInWords(ms)} after the press. Press again`)
    : undefined;
}

/**
 * Argo CD reads `revision` for an application with `source`, and `revisions` for one with `sources`. It ignores the other
 * (`sync-multi-source-single-revision`). An application with one source may have either, so the request contains both.
 */
function pinned(app: PlannedApp): Pick<SyncRequest, 'revision' | 'revisions'> {
  const revisions = app.to.split(',');
  // Never send joined revisions as one: Argo CD looks for a commit of that name (`sync-multi-source-joined-as-single`).
  return app.sources > 1 || revisions.length > 1 ? { revisions } : { revision: app.to, revisions };
}

function optionsOf({
  refresh,
  pinRevision,
  syncOptionsMode,
  ...options
}: ReleaseSettings): Omit<SyncRequest, 'infos'> {
  return options;
}

/** Whether the options of the request would replace the application's own. */
function wantsOwnPolicy({ syncOptions, retry, syncOptionsMode }: ReleaseSettings): boolean {
  return syncOptionsMode !== 'replace' && ((syncOptions ?? []).length > 0 || retry !== undefined);
}

/** Never rejects. If the application's own options are not known, nothing is sent: the sync would do something else. */
async function ownPolicyOf({ argocd, app }: SendOptions): Promise<OwnSyncPolicy | AppEnd> {
  try {
    return await argocd.ownSyncPolicy(app);
  } catch (error) {
    if (isGone(error)) return gone;
    return {
      outcome: 'failed',
      message: `not sent: the application's own sync options, to which those of the button are added, could not be read: ${messageOf(error)}. Press again`,
      good: false,
    };
  }
}

/** The target revision in messages. */
function shownRevision({ target }: AppRecord): string {
  return target === undefined ? 'not known' : shortRevision(target);
}

/** A failed refresh does not stop the release: the revision that was shown can be synced without it. */
async function refresh(
  { argocd, registry, app, refreshTimeoutMs, log, signal }: SendOptions,
  kind: 'normal' | 'hard',
): Promise<AppRecord | AppEnd | undefined> {
  try {
    return await fetchApp({ argocd, registry }, app, kind, refreshTimeoutMs);
  } catch (error) {
    if (isGone(error)) return gone;
    if (!signal.aborted)
      log.warn({ app: keyOf(app) }, `${messageOf(error)}. Releasing what was shown without a refresh`);
    return undefined;
  }
}

async function afterRefusal(
  options: SendOptions,
  error: unknown,
): Promise<AppEnd | Sent | Overtaken | undefined> {
  const message = messageOf(error);
  if (!(error instanceof ArgoCdError)) return { outcome: 'failed', message, good: false };
  switch (error.kind) {
    case 'unsure':
    case 'unavailable':
      return lookForOurs(options, message, 'failed');
    case 'in-progress':
      // The refusal does not say whose operation it is: ours from before a crash, or somebody else's.
      return lookForOurs(options, 'not sent', 'in-progress');
    case 'unreachable':
    case 'not-argocd':
    case 'repository-server-down':
    case 'unresolvable-revision':
      return { outcome: 'failed', message, good: false };
    case 'automated-refuses-revision':
      return { outcome: 'changed', message, good: false };
    case 'not-permitted':
    case 'blocked-by-window':
      options.onRefused(keyOf(options.app), error.kind);
      return { outcome: 'refused', message, good: false };
    case 'unauthenticated':
      return { outcome: 'refused', message: `the sync had no effect: ${message}`, good: false };
    case 'forbidden-or-missing':
    case 'not-found':
    case 'deleting':
    case 'invalid':
      return { outcome: 'refused', message, good: false };
  }
}
