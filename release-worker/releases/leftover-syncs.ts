// Syncs of ours that continue in Argo CD after their release has timed out here, for example a hook that never ends. They
// are recognized by their info entries. They can be terminated, and their late end is reported.
import { toLocalTime, toTime } from '../../messages/time.ts';
import type { ReleaseOutcome } from '../../messages/release.ts';
import type { Clock } from '../../service/clock.ts';
import { waitAtMost } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Registry } from '../drift/registry.ts';
import { fewAtOnce } from '../each-limited.ts';
import { isUnderWay } from './follow-other.ts';
import { followSync, viewOf } from './follow.ts';
import type { Journal } from './journal.ts';
import type { AppEnd, PlannedApp, PlannedRelease } from './release.ts';
import { howOf, outcomeOf } from './release.ts';
import type { RunningReleases, Termination } from './running.ts';

export interface EndedRelease {
  readonly release: PlannedRelease;
  /** by key */
  readonly ends: ReadonlyMap<string, AppEnd>;
  readonly outcome: ReleaseOutcome;
  /** milliseconds since the epoch */
  readonly at: number;
}

/** A release whose outcome has changed, because one of its syncs ended late. */
export interface LateEnd extends EndedRelease {
  /** the application whose sync has just ended */
  readonly key: string;
}

export interface LeftoverSyncs {
  /** A release has ended here. Its syncs that have timed out are followed further. */
  adopt(ended: EndedRelease): void;
  /** A new release of these applications begins. */
  begun(keys: readonly string[]): void;
  /** Why the application cannot be released, in words: an operation that a release has sent is still pending or running. */
  whyBusy(key: string): string | undefined;
  /** The same, but only for releases that are known to have ended here. */
  whyLeft(key: string): string | undefined;
  /** Syncs of former releases that Argo CD has not ended, in words; of all buttons, or of one. */
  inWords(button?: string): readonly string[];
  /**
   * Terminates the remaining syncs of former releases.
   * @param app only this application, even if only the release id in Argo CD is known of its release
   */
  terminate(app: string | undefined): Termination;
  stop(): Promise<void>;
}

export interface LeftoverSyncsOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly release: { readonly refreshTimeoutMs: number; readonly waitHealthy: boolean };
  readonly running: Pick<RunningReleases, 'isAt' | 'buttonOf'>;
  /** A sync has ended late. */
  readonly onLate: (ended: LateEnd) => void;
}

/** A release with a sync that timed out. */
interface TimedOut {
  readonly release: PlannedRelease;
  readonly ends: Map<string, AppEnd>;
  readonly endedAt: number;
  /** the outcome that was published last, and its time */
  outcome: ReleaseOutcome;
  at: number;
}

interface Entry {
  readonly timedOut: TimedOut;
  readonly app: PlannedApp;
  readonly abort: AbortController;
  readonly terminate: AbortController;
}

/** The stream reports the end. GETs are for when the stream is down. In milliseconds. */
const longestLookMs = 300_000;
/** Limits GETs that nobody waits for, so that the GET of a press never waits behind hundreds of them. */
const looksAtOnce = 5;
/** An orderly stop waits this long for pending answers, in milliseconds. */
const stopWaitMs = 5_000;

export function createLeftoverSyncs(options: LeftoverSyncsOptions): LeftoverSyncs {
  const { registry, running, clock, log, journal } = options;
  const inTurn = fewAtOnce(looksAtOnce);
  const argocd: ArgoCd = {
    ...options.argocd,
    get: (...about) => inTurn(() => options.argocd.get(...about)),
    syncDetail: (app) => inTurn(() => options.argocd.syncDetail(app)),
  };
  const entries = new Map<string, Entry>();
  const following = new Set<Promise<void>>();
  /** requests to terminate operations of which only the release id is known */
  const sent = new Set<Promise<void>>();
  /** operations to terminate that Argo CD has not started, and cannot terminate before; release id by application */
  const awaited = new Map<string, string>();

  const drop = (key: string, entry: Entry) => {
    entry.abort.abort();
    if (entries.get(key) === entry) entries.delete(key);
  };
  /** The pending or running operation of a release, unless that release still runs here and handles the application. */
  const underWay = (key: string) => {
    const record = registry.get(key);
    const releaseId = record?.detail?.operation.releaseId;
    if (record === undefined || releaseId === undefined || !isUnderWay(record)) return undefined;
    if (running.isAt(releaseId, key)) return undefined;
    const entry = entries.get(key);
    const timedOut = entry?.timedOut.release.id === releaseId ? entry.timedOut : undefined;
    return { record, releaseId, timedOut, isPending: record.phase === 'Pending' };
  };
  const nameOf = ({
    releaseId,
    timedOut,
  }: {
    readonly releaseId: string;
    readonly timedOut: TimedOut | undefined;
  }) =>
    timedOut === undefined
      ? `release ${releaseId}`
      : `release ${releaseId} (timed out at ${toLocalTime(timedOut.endedAt)})`;

  const requestTermination = (record: AppRecord) => {
    const request = argocd
      .terminate(record)
      .catch((error: unknown) => log.warn({ app: keyOf(record) }, messageOf(error)))
      .finally(() => sent.delete(request));
    sent.add(request);
  };
  const forget = registry.onChange((keys) => {
    for (const [key, releaseId] of awaited) {
      const record = registry.get(key);
      // The record does not say who started the operation.
      if (!keys.has(key) || (record !== undefined && record.detail === undefined)) continue;
      const found = underWay(key);
      if (found?.releaseId === releaseId && found.isPending) continue;
      awaited.delete(key);
      if (found?.releaseId === releaseId) requestTermination(found.record);
    }
  });
  /** Leftover syncs of this worker's releases, including the applications that a running release has given up. */
  const left = () =>
    [...registry.all()].map(keyOf).flatMap((key) => {
      const found = underWay(key);
      if (found === undefined) return [];
      const button = found.timedOut?.release.button ?? running.buttonOf(found.releaseId);
      return button === undefined ? [] : [{ key, found, button }];
    });

  const inTheWay = (key: string, found: NonNullable<ReturnType<typeof underWay>>) => {
    const ends = `\`release-button terminate --app ${key}\` ends it`;
    return found.isPending
      ? `the sync of ${nameOf(found)} is still pending in Argo CD, which may carry it out; ${ends} once Argo CD starts it`
      : `the sync of ${nameOf(found)} is still running; ${ends}`;
  };

  const note = async ({ release, outcome, at }: TimedOut, app: PlannedApp, end: AppEnd) => {
    try {
      await journal.append(
        { type: 'late', at: toTime(at), releaseId: release.id, app: keyOf(app), ...end, release: outcome },
        { flush: true },
      );
    } catch (error) {
      // The next start follows the sync again.
      log.error(messageOf(error));
    }
  };

  const late = async (key: string, { timedOut, app }: Entry, end: AppEnd) => {
    timedOut.at = clock.now();
    timedOut.ends.set(key, end);
    timedOut.outcome = outcomeOf([...timedOut.ends.values()]);
    const { release, outcome, ends, at } = timedOut;
    await note(timedOut, app, end);
    log[end.good ? 'info' : 'warn'](
      { release: release.id, app: key, outcome: end.outcome },
      `the sync of ${nameOf({ releaseId: release.id, timedOut })} of ${key} has ended late: ${end.message}`,
    );
    options.onLate({ release, ends, outcome, at, key });
  };

  const follow = async (key: string, entry: Entry) => {
    const { timedOut, app, abort, terminate } = entry;
    const isOurs = () =>
      !['unclear', 'not-ours'].includes(viewOf(registry.get(key), timedOut.release.id).state);
    let hasAppeared = isOurs();
    const end = await followSync({
      argocd,
      registry,
      clock,
      app,
      releaseId: timedOut.release.id,
      deadline: Infinity,
      longestLookMs,
      ...options.release,
      how: howOf(timedOut.release),
      signal: abort.signal,
      terminate: terminate.signal,
      onProgress: () => {
        hasAppeared ||= isOurs();
      },
    });
    if (end === undefined) return;
    hasAppeared ||= isOurs();
    if (entries.get(key) === entry) entries.delete(key);
    if (hasAppeared || end.good) {
      await late(key, entry, end);
      return;
    }
    // Argo CD never showed the sync, so it was not carried out. The published end stays, and the next start need not look.
    const publishedEnd = timedOut.ends.get(key);
    if (publishedEnd !== undefined && !abort.signal.aborted) await note(timedOut, app, publishedEnd);
  };

  return {
    adopt: ({ release, ends, outcome, at }) => {
      const timedOut: TimedOut = { release, ends: new Map(ends), outcome, endedAt: at, at };
      for (const app of release.apps) {
        const key = keyOf(app);
        if (ends.get(key)?.outcome !== 'timed-out') continue;
        const before = entries.get(key);
        if (before !== undefined) drop(key, before);
        const entry = { timedOut, app, abort: new AbortController(), terminate: new AbortController() };
        entries.set(key, entry);
        const followed = follow(key, entry)
          .catch((error: unknown) => log.error({ err: error, app: key }, messageOf(error)))
          .finally(() => following.delete(followed));
        following.add(followed);
      }
    },
    begun: (keys) => {
      for (const key of keys) {
        const entry = entries.get(key);
        if (entry !== undefined && underWay(key)?.timedOut === undefined) drop(key, entry);
      }
    },
    whyBusy: (key) => {
      const found = underWay(key);
      return found === undefined ? undefined : inTheWay(key, found);
    },
    whyLeft: (key) => {
      const found = underWay(key);
      return found?.timedOut === undefined ? undefined : inTheWay(key, found);
    },
    inWords: (button) =>
      left()
        .filter((one) => button === undefined || one.button === button)
        .map(
          ({ key, found }) =>
            `${key} of ${nameOf(found)} ${found.isPending ? 'is pending' : 'is running'} in Argo CD`,
        ),
    terminate: (app) => {
      const releases = new Set<string>();
      const waiting: string[] = [];
      let applications = 0;
      for (const key of app === undefined ? left().map((one) => one.key) : [app]) {
        const found = underWay(key);
        if (found === undefined) continue;
        applications += 1;
        if (found.isPending) waiting.push(key);
        releases.add(found.releaseId);
        const entry = entries.get(key);
        if (found.timedOut !== undefined && entry !== undefined) entry.terminate.abort();
        else if (found.isPending) awaited.set(key, found.releaseId);
        else requestTermination(found.record);
      }
      return { applications, releases: [...releases], waiting };
    },
    stop: async () => {
      forget();
      for (const [key, entry] of entries) drop(key, entry);
      await waitAtMost(clock, stopWaitMs, Promise.all([...following, ...sent]));
    },
  };
}
