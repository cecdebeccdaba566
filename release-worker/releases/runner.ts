// Runs releases: one at a time per application, a bounded number of applications at once, and every release ends.
import type { AppOutcome, Release, ReleaseEvent, ReleaseOutcome } from '../../messages/release.ts';
import { toTime } from '../../messages/time.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Registry } from '../drift/registry.ts';
import { followSync } from './follow.ts';
import type { Journal } from './journal.ts';
import type { UnfinishedRelease } from './recovery.ts';
import type { AppEnd, AppProgress, PlannedApp, PlannedRelease } from './release.ts';
import { outcomeOf, releaseMessage } from './release.ts';
import { lookForOurs, sendSync } from './send.ts';
import type { Sent } from './send.ts';

export interface RunnerOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly release: {
    readonly appTimeoutMs: number;
    readonly refreshTimeoutMs: number;
    readonly concurrency: number;
    readonly waitHealthy: boolean;
  };
  readonly mayAct: () => boolean;
  readonly whenDecided: () => Promise<void>;
  /** How long this process has stood still since then (monotonic), in milliseconds. */
  readonly heldSince: (since: number) => number;
  readonly onEvent: (event: ReleaseEvent) => void;
  /** The release that runs, whole, or undefined when none does. Bounded in frequency. */
  readonly onCurrent: (release: Release | undefined) => void;
  readonly onFinished: (release: Release, outcome: ReleaseOutcome) => void;
}

export interface Runner {
  /**
   * Starts a release whose acceptance is in the journal.
   * @param acceptedAt monotonic milliseconds: where the process has stood still since then, nothing further is sent
   */
  run(release: PlannedRelease, acceptedAt: number): void;
  /** Goes on with a release of a former run: what was never sent is `interrupted`, what was sent is followed. */
  resume(unfinished: UnfinishedRelease): void;
  isBusy(key: string): boolean;
  /** releases of the button that run */
  running(button: string): number;
  /** Starts nothing further; what was sent is followed after the next start. */
  stop(): Promise<void>;
}

interface Run {
  readonly release: PlannedRelease;
  /** monotonic milliseconds */
  readonly acceptedAt: number;
  readonly progress: Map<string, AppProgress>;
  readonly ends: Map<string, AppEnd>;
}

type Step = (run: Run, app: PlannedApp, deadline: number) => Promise<AppEnd | Sent | undefined>;

const alreadyReleasing: AppEnd = {
  outcome: 'in-progress',
  message: 'another release of this worker is at it',
  good: false,
};

/** Progress is published at most this often. In milliseconds. */
const progressEveryMs = 100;
/** An orderly stop waits this long for POSTs under way, in milliseconds: their answer saves a look. */
const stopWaitMs = 5_000;

export function createRunner(options: RunnerOptions): Runner {
  const { argocd, registry, journal, clock, log } = options;
  const runs = new Map<string, Run>();
  const busy = new Map<string, string>();
  const pending = new Set<Promise<void>>();
  const abort = new AbortController();
  const { signal } = abort;
  let timer: Timer | undefined;
  let stopped = false;

  const publishCurrent = () => {
    timer?.cancel();
    timer = undefined;
    const [oldest] = runs.values();
    options.onCurrent(oldest === undefined ? undefined : releaseMessage(oldest.release, oldest.progress));
  };
  const currentChanged = () => {
    if (!stopped) timer ??= clock.setTimeout(publishCurrent, progressEveryMs);
  };
  const event = (release: PlannedRelease, what: Pick<ReleaseEvent, 'event' | 'app' | 'outcome'>) => {
    options.onEvent({ releaseId: release.id, button: release.button, at: toTime(clock.now()), ...what });
  };
  const write = async (line: Parameters<Journal['append']>[0]) => {
    try {
      await journal.append(line, { flush: true });
    } catch (error) {
      // The sync itself has happened or not; what is missing here only costs a look after the next start.
      log.error(messageOf(error));
    }
  };

  const ended = async ({ release, progress, ends }: Run, app: PlannedApp, end: AppEnd) => {
    const key = keyOf(app);
    ends.set(key, end);
    if (busy.get(key) === release.id) busy.delete(key);
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
    currentChanged();
  };

  const runApp = async (run: Run, app: PlannedApp, first: Step) => {
    const { release, progress } = run;
    const key = keyOf(app);
    const deadline = clock.monotonic() + options.release.appTimeoutMs;
    const onProgress = (next: AppProgress) => {
      const before = progress.get(key);
      if (before?.phase === next.phase && before.message === next.message) return;
      progress.set(key, next);
      currentChanged();
    };
    event(release, { event: 'app-started', app: key });
    onProgress({ phase: 'sent' });
    const sent = await first(run, app, deadline);
    if (sent === undefined) return;
    const end =
      'sent' in sent
        ? await followSync({
            ...(sent.newer === undefined ? {} : { newer: sent.newer }),
            argocd,
            registry,
            clock,
            app,
            releaseId: release.id,
            deadline,
            refreshTimeoutMs: options.release.refreshTimeoutMs,
            waitHealthy: options.release.waitHealthy,
            signal,
            onProgress,
          })
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
      whenDecided: options.whenDecided,
      heldMs: () => options.heldSince(run.acceptedAt),
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

  const finish = async ({ release, ends, progress }: Run) => {
    if (ends.size < release.apps.length) return;
    const outcome = outcomeOf([...ends.values()]);
    const at = toTime(clock.now());
    await write({ type: 'finished', at, releaseId: release.id, outcome });
    runs.delete(release.id);
    const counts = new Map<AppOutcome, number>();
    for (const end of ends.values()) counts.set(end.outcome, (counts.get(end.outcome) ?? 0) + 1);
    const words = [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
    log[outcome === 'succeeded' ? 'info' : 'warn'](
      { release: release.id, button: release.button, outcome },
      `release ${outcome}: ${words}`,
    );
    event(release, { event: 'finished', outcome });
    options.onFinished(releaseMessage(release, progress, { at, outcome }), outcome);
    currentChanged();
  };

  const begin = (run: Run, apps: readonly PlannedApp[], first: Step) => {
    const { release } = run;
    runs.set(release.id, run);
    // Two buttons that select the same application may have been pressed at the same moment.
    const taken = apps.filter((app) => busy.has(keyOf(app)));
    const ours = apps.filter((app) => !busy.has(keyOf(app)));
    for (const app of ours) busy.set(keyOf(app), release.id);
    event(release, { event: 'started' });
    currentChanged();
    const work = async () => {
      for (const app of taken) await ended(run, app, alreadyReleasing);
      await eachLimited(ours, options.release.concurrency, (app) => runApp(run, app, first));
      await finish(run);
    };
    const whole = work();
    pending.add(whole);
    void whole.finally(() => pending.delete(whole));
  };

  return {
    run: (release, acceptedAt) => {
      // Accepted while we stop: it stands in the journal, and the next start says that it was never sent.
      if (!signal.aborted)
        begin({ release, acceptedAt, progress: new Map(), ends: new Map() }, release.apps, send);
    },
    resume: ({ release, fates }) => {
      const run: Run = {
        release,
        acceptedAt: clock.monotonic(),
        progress: new Map(),
        ends: new Map(),
      };
      for (const app of release.apps) {
        const end = fates.get(keyOf(app))?.end;
        if (end === undefined) continue;
        run.ends.set(keyOf(app), end);
        run.progress.set(keyOf(app), { phase: 'done', outcome: end.outcome, message: end.message });
      }
      const open = release.apps.filter((app) => !run.ends.has(keyOf(app)));
      log.warn({ release: release.id, open: open.length }, 'going on with a release of the former run');
      begin(run, open, async (_, app, deadline) =>
        fates.get(keyOf(app))?.sent === true
          ? lookForOurs(
              { argocd, registry, clock, release, app, deadline, signal },
              'the worker was stopped while it was being sent',
              'interrupted',
            )
          : {
              outcome: 'interrupted',
              message: 'never sent: the worker was stopped before. Press again',
              good: false,
            },
      );
    },
    isBusy: (key) => busy.has(key),
    running: (button) => [...runs.values()].filter((run) => run.release.button === button).length,
    stop: async () => {
      abort.abort();
      const waited = new AbortController();
      const timeUp = clock.setTimeout(() => waited.abort(), stopWaitMs);
      await Promise.race([
        Promise.allSettled(pending),
        new Promise((resolve) => {
          waited.signal.addEventListener('abort', resolve, { once: true });
        }),
      ]);
      timeUp.cancel();
      stopped = true;
      if (timer !== undefined) publishCurrent();
    },
  };
}

/** Calls `each` for every item, at most `limit` at once, in their order. */
async function eachLimited<Item>(
  items: readonly Item[],
  limit: number,
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await each(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
