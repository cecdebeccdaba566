// Runs releases: at most one per application and a limited number of applications at once. Every release ends.
import type { AppOutcome, Release } from '../../messages/release.ts';
import { toTime } from '../../messages/time.ts';
import { waitAtMost } from '../../service/clock.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { endingOf } from '../drift/ending.ts';
import type { Ending } from '../drift/ending.ts';
import type { Registry } from '../drift/registry.ts';
import { eachLimited } from '../each-limited.ts';
import { followOther } from './follow-other.ts';
import { followSync } from './follow.ts';
import type { FollowOptions } from './app-updates.ts';
import type { UnfinishedRelease } from './recovery.ts';
import type { AppEnd, AppProgress, PlannedApp, PlannedRelease } from './release.ts';
import { howOf, outcomeOf, releaseMessage } from './release.ts';
import { createReport } from './report.ts';
import type { ReportOptions } from './report.ts';
import { isTerminated, newRun, terminationOf } from './run.ts';
import type { Run } from './run.ts';
import type { RunningReleases } from './running.ts';
import { lookForOurs } from './look-for-ours.ts';
import type { Overtaken, Sent } from './look-for-ours.ts';
import { sendSync } from './send.ts';
import type { SendOptions } from './send.ts';
import type { EndedRelease } from './leftover-syncs.ts';
import { wavesOf } from './waves.ts';

export interface RunnerOptions extends Omit<ReportOptions, 'running'> {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly running: RunningReleases;
  readonly release: {
    readonly appTimeoutMs: number;
    readonly refreshTimeoutMs: number;
    readonly concurrency: number;
    readonly waitHealthy: boolean;
  };
  readonly mayAct: () => boolean;
  readonly whenTakeoverKnown: () => Promise<void>;
  readonly onRefused: SendOptions['onRefused'];
  /** How long this process was paused or starved since that time (monotonic), in milliseconds. */
  readonly heldSince: (since: number) => number;
  /** Called before the end is written to the journal, for what must not be lost. After a crash it is called again. */
  readonly onEnd: (release: PlannedRelease, ends: ReadonlyMap<string, AppEnd>) => Promise<void>;
  /** @param lastedMs undefined: the release began in a former run */
  readonly onFinished: (release: Release, ending: Ending, lastedMs: number | undefined) => void;
  /** Called last. Syncs that have timed out may continue in Argo CD. */
  readonly onEnded?: (ended: EndedRelease) => void;
  /** Why a sync left over from an ended release blocks this application, in words. */
  readonly whyLeft?: SendOptions['whyLeft'];
}

export interface Runner {
  /**
   * Starts a release whose acceptance is in the journal.
   * @param acceptedAt on the monotonic clock, in milliseconds; if the process was paused since then, nothing is sent
   */
  run(release: PlannedRelease, acceptedAt: number): void;
  /** Continues a release of a former run: what was never sent ends as `interrupted`, what was sent is followed. */
  resume(unfinished: UnfinishedRelease): void;
  /** Starts nothing more. The next start follows the syncs that were sent. */
  stop(): Promise<void>;
}

type Step = (run: Run, app: PlannedApp, deadline: number) => Promise<AppEnd | Sent | Overtaken | undefined>;

const alreadyReleasing: AppEnd = {
  outcome: 'in-progress',
  message: 'another release of this worker is already releasing it',
  good: false,
};

const terminatedBefore: AppEnd = {
  outcome: 'terminated',
  message: 'not sent: it was terminated before its turn',
  good: false,
};

/** An orderly stop waits this long for pending POSTs, in milliseconds: with their answers, the next start need not look. */
const stopWaitMs = 5_000;

export function createRunner(options: RunnerOptions): Runner {
  const { argocd, registry, running, journal, clock, log } = options;
  const pending = new Set<Promise<void>>();
  const abort = new AbortController();
  const { signal } = abort;
  const report = createReport({ ...options, running: running.oldest });
  const { event, write } = report;

  const ended = async ({ release, progress, ends }: Run, app: PlannedApp, end: AppEnd) => {
    const key = keyOf(app);
    ends.set(key, end);
    running.leave(release.id, key);
    progress.set(key, { phase: 'done', outcome: end.outcome, message: end.message });
    await write({
      type: 'app',
      at: toTime(clock.now()),
      releaseId: release.id,
      app: key,
      step: 'done',
      ...end,
    });
    const level = end.good ? 'info' : 'warn';
    log[level]({ release: release.id, app: key, outcome: end.outcome }, `${key}: ${end.message}`);
    event(release, { event: 'app-finished', app: key, outcome: end.outcome });
    report.changed();
  };

  const runApp = async (run: Run, app: PlannedApp, first: Step) => {
    const { release, progress } = run;
    const key = keyOf(app);
    const deadline = clock.monotonic() + options.release.appTimeoutMs;
    const onProgress = (next: AppProgress) => {
      const before = progress.get(key);
      if (before?.phase === next.phase && before.message === next.message) return;
      progress.set(key, next);
      report.changed();
    };
    if (isTerminated(run, app) && first === send) {
      await ended(run, app, terminatedBefore);
      return;
    }
    event(release, { event: 'app-started', app: key });
    onProgress({ phase: 'sent' });
    const sent = await first(run, app, deadline);
    if (sent === undefined) return;
    const following: FollowOptions = {
      ...('newer' in sent ? { newer: sent.newer } : {}),
      argocd,
      registry,
      clock,
      app,
      releaseId: release.id,
      deadline,
      refreshTimeoutMs: options.release.refreshTimeoutMs,
      waitHealthy: options.release.waitHealthy,
      how: howOf(release),
      signal,
      terminate: terminationOf(run, key).signal,
      onProgress,
    };
    const end =
      'sent' in sent
        ? await followSync(following)
        : 'other' in sent
          ? await followOther(following, sent.other)
          : sent;
    if (end !== undefined) await ended(run, app, end);
  };

  const send: Step = (run, app, deadline) =>
    sendSync({
      argocd,
      registry,
      clock,
      log,
      release: run.release,
      app,
      deadline,
      signal,
      refreshTimeoutMs: options.release.refreshTimeoutMs,
      mayAct: options.mayAct,
      ...(options.whyLeft === undefined ? {} : { whyLeft: options.whyLeft }),
      whenTakeoverKnown: options.whenTakeoverKnown,
      onRefused: options.onRefused,
      heldMs: () => options.heldSince(run.acceptedAt),
      unwanted: () => (isTerminated(run, app) ? 'it was terminated before' : undefined),
      writeSending: () =>
        journal.append(
          {
            type: 'app',
            at: toTime(clock.now()),
            releaseId: run.release.id,
            app: keyOf(app),
            step: 'sending',
          },
          { flush: true },
        ),
    });

  const finish = async ({ release, ends, progress, beganAt }: Run) => {
    if (ends.size < release.apps.length) return;
    const outcome = outcomeOf([...ends.values()]);
    await options.onEnd(release, ends);
    const finishedAt = clock.now();
    const at = toTime(finishedAt);
    await write({ type: 'finished', at, releaseId: release.id, outcome });
    running.end(release.id);
    const counts = new Map<AppOutcome, number>();
    for (const end of ends.values()) counts.set(end.outcome, (counts.get(end.outcome) ?? 0) + 1);
    const words = [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
    log[outcome === 'succeeded' ? 'info' : 'warn'](
      { release: release.id, button: release.button, outcome },
      `${release.action ?? 'release'} ${outcome}: ${words}`,
    );
    event(release, { event: 'finished', outcome });
    options.onFinished(
      releaseMessage(release, progress, { at, outcome }),
      endingOf(release, ends, { outcome, at: finishedAt }, (key) => registry.get(key)?.target),
      beganAt === undefined ? undefined : clock.monotonic() - beganAt,
    );
    options.onEnded?.({ release, ends, outcome, at: finishedAt });
    report.changed();
  };

  const runWaves = async (run: Run, apps: readonly PlannedApp[], first: Step) => {
    /** an application of an earlier wave that did not succeed */
    let failed: string | undefined;
    for (const wave of wavesOf(apps)) {
      if (signal.aborted) return;
      const notInOrder: AppEnd = {
        outcome: 'interrupted',
        message: `never sent: ${failed ?? ''} of the previous wave did not succeed`,
        good: false,
      };
      if (failed === undefined)
        await eachLimited(wave, options.release.concurrency, (app) => runApp(run, app, first));
      else for (const app of wave) await ended(run, app, notInOrder);
      failed ??= wave.map(keyOf).find((key) => run.ends.get(key)?.good !== true);
    }
  };

  const begin = (run: Run, apps: readonly PlannedApp[], first: Step) => {
    const { release } = run;
    const ours = running.begin(run, apps);
    // Two buttons that select the same application may have been pressed at the same moment.
    const others = apps.filter((app) => !ours.includes(app));
    event(release, { event: 'started' });
    report.changed();
    const work = async () => {
      for (const app of others) await ended(run, app, alreadyReleasing);
      await runWaves(run, ours, first);
      await finish(run);
    };
    const whole = work();
    pending.add(whole);
    void whole.finally(() => pending.delete(whole));
  };

  return {
    run: (release, acceptedAt) => {
      // A release accepted during the stop is in the journal. The next start reports that it was never sent.
      if (!signal.aborted) begin(newRun(release, acceptedAt, acceptedAt), release.apps, send);
    },
    resume: ({ release, fates }) => {
      const run = newRun(release, clock.monotonic(), undefined);
      for (const app of release.apps) {
        const end = fates.get(keyOf(app))?.end;
        if (end === undefined) continue;
        run.ends.set(keyOf(app), end);
        run.progress.set(keyOf(app), { phase: 'done', outcome: end.outcome, message: end.message });
      }
      const open = release.apps.filter((app) => !run.ends.has(keyOf(app)));
      log.warn({ release: release.id, open: open.length }, 'continuing a release of the former run');
      begin(run, open, async (_, app, deadline) =>
        fates.get(keyOf(app))?.sent === true
          ? lookForOurs(
              { argocd, registry, clock, release, app, deadline, signal },
              'the worker was stopped while it was sending the sync',
              'interrupted',
            )
          : {
              outcome: 'interrupted',
              message: 'never sent: the worker was stopped before that. Press again',
              good: false,
            },
      );
    },
    stop: async () => {
      abort.abort();
      await waitAtMost(clock, stopWaitMs, Promise.allSettled(pending));
      report.stop();
    },
  };
}
