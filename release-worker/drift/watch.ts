// Keeps the registry true: the event stream for speed, a full list for certainty, and a word on how fresh it all is.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../service/clock.ts';
import type { Health } from '../../service/health.ts';
import { backoffMs } from '../../service/link/backoff.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { ArgoCd, Version } from '../argocd/client.ts';
import { ArgoCdError, tokenRefused } from '../argocd/errors.ts';
import { createDetails } from './details.ts';
import { createFreshness } from './freshness.ts';
import { createPause } from './pause.ts';
import { createProblem } from './problem.ts';
import { createReach, raisesDoubt } from './reach.ts';
import type { Registry } from './registry.ts';
import { createServerVersion, partlyTold } from './server-version.ts';
import { createStreamLoop, keepAliveGapMs } from './stream-loop.ts';
import { createUnreadable } from './unreadable.ts';

export interface WatchOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly drift: { readonly maxAgeMs: number; readonly listEveryMs: number; readonly streamIdleMs: number };
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly random: () => number;
  readonly onReconnect?: () => void;
  /** freshness, the problem or the server has changed */
  readonly onChange: () => void;
}

export interface Watch {
  start(): void;
  stop(): Promise<void>;
  /** on the monotonic clock; 0 before anything is known */
  freshUntil(): number;
  /** on the monotonic clock; when Argo CD last said how its applications are */
  heardAt(): number | undefined;
  /** whether the event stream is open and has sent something */
  streaming(): boolean;
  /**
   * To be told of every call of others that failed: nobody may be there, or the token not be accepted any more.
   * @param change whether it was to change something in Argo CD
   */
  failed(error: ArgoCdError, change: boolean): void;
  /** why Argo CD cannot be reached; nothing but whether it can is asked for meanwhile */
  away(): string | undefined;
  /** To be told of every call of others that was answered. */
  answered(): void;
  /**
   * Whether Argo CD is there, for somebody who is about to rely on it: it is asked where it has not been heard for some
   * seconds. Undefined: it is, or is known not to be. Otherwise resolves when that is known.
   */
  doubt(): Promise<void> | undefined;
  /** To be told when `freshUntil` has passed, so that health says so too. */
  notFresh(): void;
  /** Whether Argo CD has answered when it was asked last: a refusal is a fact at once, however fresh what is known is. */
  reachable(): boolean;
  /** what is wrong with Argo CD, with the remedy */
  problem(): string | undefined;
  /** wall clock of the last full list, in milliseconds since the epoch */
  lastListAt(): number | undefined;
  server(): Version | undefined;
  /** Resolves when the first full list is in the registry; never rejects. */
  readonly firstList: Promise<void>;
}

/** While no stream vouches for what is known, the list does, well within `maxAgeMs`. */
const listWithoutStreamMs = 30_000;
/** Whoever presses relies on no older sign of life than this. In milliseconds. */
const heardLatelyMs = 5_000;
const listRetry = { minMs: 1_000, maxMs: 30_000 };
/** A token that is not accepted costs two small questions: somebody may be replacing it just now. In milliseconds. */
const tokenRetryMs = 5_000;

export function createWatch(options: WatchOptions): Watch {
  const { argocd, registry, drift, clock, log, random, onChange } = options;
  const health = options.health.check('argocd', 'failing');
  const abort = new AbortController();
  const { signal } = abort;
  const freshness = createFreshness({ clock, maxAgeMs: drift.maxAgeMs });
  const details = createDetails({
    argocd,
    registry,
    clock,
    log,
    signal,
    vouchesSince: () => (freshness.vouches() ? streamLoop.since() : undefined),
  });
  const sayVersion = createServerVersion({
    server: argocd.server,
    log,
    health: options.health.check('argocd-version', 'degraded'),
  });

  /** when Argo CD last answered anything */
  let answeredAt = -Infinity;
  let server: Version | undefined;
  let probed = false;
  let failed = false;
  let answers = true;
  const setAnswers = (now: boolean) => {
    if (now === answers) return;
    answers = now;
    onChange();
  };
  let listWanted = false;
  const listPause = createPause(clock);
  let running: Promise<unknown> = Promise.resolve();
  let firstListDone = () => {};
  const firstList = new Promise<void>((resolve) => {
    firstListDone = resolve;
  });

  const problem = createProblem({
    health,
    log,
    server: argocd.server,
    version: () => server?.version ?? '',
    onChange,
  });

  const notFresh = () => {
    if (problem.now() !== undefined || freshness.until() === 0) return;
    problem.set(
      `nothing has been heard of Argo CD at ${argocd.server} for more than ${Math.round(drift.maxAgeMs / 1000)} s, although the connection stands: is it overloaded, or stopped?`,
    );
  };

  /** Nothing counts any more, whatever still comes of what was asked before. */
  const lose = (why: string) => {
    const isNews = freshness.lose();
    problem.set(why, isNews);
    if (isNews) onChange();
  };
  const reach = createReach({
    clock,
    argocd,
    lastSign: () => streamLoop.lastSign(),
    onAway: lose,
    onThere: (back) => {
      answered();
      if (back) wakeList();
    },
  });
  const answered = () => {
    answeredAt = clock.monotonic();
  };
  const failedWith = (error: ArgoCdError, change = false) => {
    if (raisesDoubt(error)) reach.doubt();
    if (error.kind !== 'unauthenticated') return;
    // A list finds out whether the token as such is not accepted. What releases with it says so until then.
    if (change) lose(error.message);
    probed = false;
    wakeList();
  };

  const probe = async () => {
    server = await argocd.version();
    sayVersion(server.version);
    if ((await argocd.account()) === undefined) throw tokenRefused(argocd);
    probed = true;
  };

  const list = async () => {
    const ticket = registry.ticket();
    const sentAt = clock.monotonic();
    const sentAtWall = clock.now();
    // At first together, as each costs a way there and back. Of two refusals the probe's is the plainer one.
    const together = probed || !failed ? argocd.list() : undefined;
    together?.catch(() => {});
    if (!probed) await probe();
    const records = await (together ?? argocd.list());
    answered();
    if (signal.aborted) return;
    await registry.listInTurns(ticket, records, turn);
    if (signal.aborted) return;
    const partly = registry.partlyKnown();
    if (partly.length > 0) {
      details.ask();
      throw new Error(partlyTold(partly, `Argo CD ${server?.version ?? ''} at ${argocd.server}`));
    }
    const counts = freshness.listed(sentAt, sentAtWall);
    if (counts === 'not-yet') {
      wakeList();
      return;
    }
    if (counts === 'again') {
      regained();
      streamLoop.hurry();
    }
    const streamSince = streamLoop.since();
    if (streamSince !== undefined && sentAt >= streamSince) freshness.vouch();
    problem.set(
      records.length === 0
        ? `the account of the token sees no application at ${argocd.server}: its RBAC policy needs "applications, get", or there is none yet`
        : undefined,
    );
    firstListDone();
    onChange();
    details.ask();
  };

  const wakeList = () => {
    listWanted = true;
    listPause.end();
  };
  const aloneMs = Math.min(listWithoutStreamMs, drift.maxAgeMs / 2);
  const unreadable = createUnreadable({ clock, log, lookEveryMs: aloneMs, look: wakeList });
  const listAgainMs = () => {
    if (!freshness.vouches()) return aloneMs;
    // With a shorter `maxAgeMs` than this keep-alives cannot vouch alone.
    return drift.maxAgeMs > keepAliveGapMs ? drift.listEveryMs : Math.min(drift.listEveryMs, aloneMs);
  };

  let firstAsked = () => {};
  const afterFirstList = new Promise<void>((resolve) => {
    firstAsked = resolve;
  });
  const listLoop = async () => {
    let failures = 0;
    for (;;) {
      // A list of thousands is no way to find out whether somebody is there.
      await reach.whenThere();
      if (signal.aborted) return;
      listWanted = false;
      let waitMs: number;
      try {
        await list();
        setAnswers(true);
        failures = 0;
        waitMs = listAgainMs();
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        // Whoever answers next may be another Argo CD, or take the token no longer.
        probed = false;
        failed = true;
        if (error instanceof ArgoCdError && (raisesDoubt(error) || error.kind === 'unauthenticated'))
          setAnswers(false);
        waitMs = backoffMs(failures, listRetry, random());
        if (error instanceof ArgoCdError && error.kind === 'unauthenticated') {
          waitMs = Math.min(waitMs, tokenRetryMs);
          lose(error.message);
        } else {
          if (error instanceof ArgoCdError && raisesDoubt(error)) reach.doubt();
          await reach.whenDecided();
          if (!reach.isAway()) problem.set(messageOf(error));
        }
      } finally {
        firstAsked();
      }
      if (!listWanted && !signal.aborted) await listPause.take(waitMs);
    }
  };

  let regained = () => {};
  const streamLoop = createStreamLoop({
    argocd,
    clock,
    log,
    signal,
    random,
    health: options.health.check('argocd-stream', 'degraded'),
    idleMs: drift.streamIdleMs,
    whenThere: async () => {
      await afterFirstList;
      await reach.whenThere();
      // The list comes first: a burst is many times as long, and a server that makes both is late with the list.
      await new Promise<void>((resolve) => {
        if (!freshness.isLost() || signal.aborted) resolve();
        else regained = resolve;
      });
    },
    onSign: (first) => {
      const now = clock.monotonic();
      const wasFresh = now < freshness.until();
      freshness.sign(now);
      if (!wasFresh && now < freshness.until()) onChange();
      if (first && !wasFresh) wakeList();
    },
    onEvent: (type, record) => registry.event(type, record),
    onUnreadable: (why) => {
      freshness.doubtStream();
      unreadable.event(why);
    },
    // Events between the burst and the live ones can be lost (`measurements-stream-start-gap`): a list must follow it.
    onBurstOver: wakeList,
    onQuiet: reach.doubt,
    onEnd: (error, sent) => {
      freshness.doubtStream();
      // It may have ended because Argo CD is being replaced by another version.
      probed = false;
      options.onReconnect?.();
      if (error instanceof ArgoCdError) failedWith(error);
      if (!sent) return;
      // Whatever cut the stream may have hidden changes: look at once, if Argo CD still answers.
      reach.doubt();
      wakeList();
    },
  });

  return {
    start: () => {
      log.info({ server: argocd.server }, `watching Argo CD at ${argocd.server}`);
      running = Promise.all([listLoop(), streamLoop.run()]);
    },
    stop: async () => {
      abort.abort();
      reach.stop();
      // Stopped before or right at the start, no list is asked for any more, and the stream would wait for it.
      firstAsked();
      listPause.end();
      regained();
      streamLoop.hurry();
      unreadable.stop();
      await running;
      await details.ended();
    },
    freshUntil: freshness.until,
    heardAt: freshness.heardAt,
    streaming: () => streamLoop.since() !== undefined,
    failed: failedWith,
    away: () => (reach.isAway() ? problem.now() : undefined),
    answered,
    doubt: () => {
      const heard = Math.max(answeredAt, streamLoop.lastSign());
      if (!freshness.isLost() && clock.monotonic() - heard > heardLatelyMs) reach.doubt();
      return reach.isInDoubt() ? reach.whenDecided() : undefined;
    },
    notFresh,
    reachable: () => answers && !reach.isAway(),
    problem: problem.now,
    lastListAt: freshness.lastListAt,
    server: () => server,
    firstList,
  };
}
