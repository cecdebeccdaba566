// Keeps the registry up to date with the event stream and full lists, and reports how fresh it is.
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../service/clock.ts';
import type { Health } from '../../service/health.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import { createLastAnswer, isTokenRefused } from './last-answer.ts';
import { createDetails } from './details.ts';
import { createFreshness } from './freshness.ts';
import { createIntroduced } from './introduced.ts';
import { createListLoop } from './list-loop.ts';
import { createProbeLoop } from './probe-loop.ts';
import { createProblem } from './problem.ts';
import { createReach, raisesDoubt } from './reach.ts';
import type { Registry } from './registry.ts';
import { incompleteInWords } from './server-version.ts';
import { createStreamLoop, keepAliveGapMs } from './stream-loop.ts';
import { createStreamSigns } from './stream-signs.ts';
import { createUnreadable } from './unreadable.ts';
import type { ArgoCdWatch } from './argocd-watch.ts';

export interface ArgoCdWatchOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly drift: { readonly maxAgeMs: number; readonly listEveryMs: number; readonly streamIdleMs: number };
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly random: () => number;
  readonly onReconnect?: () => void;
  /** The freshness, the problem or the server has changed */
  readonly onChange: () => void;
}

/** Without a stream the lists keep the state fresh, well within `maxAgeMs`. */
const listWithoutStreamMs = 30_000;
/** A press relies on no older answer than this. In milliseconds. */
const heardLatelyMs = 5_000;

interface Events {
  /** The known state is not valid any more. */
  lost: [];
  /** A list has been answered after that. */
  regained: [];
  /** A list is needed at once. */
  'list-wanted': [];
}

export function createArgoCdWatch(options: ArgoCdWatchOptions): ArgoCdWatch {
  const { argocd, registry, drift, clock, log, random, onChange } = options;
  const health = options.health.check('argocd', 'failing');
  const abort = new AbortController();
  const { signal } = abort;
  const events = new EventEmitter<Events>();
  const wantList = () => void events.emit('list-wanted');
  const freshness = createFreshness({ clock, maxAgeMs: drift.maxAgeMs });
  const signs = createStreamSigns(clock);
  const details = createDetails({
    argocd,
    registry,
    clock,
    log,
    signal,
    vouchesSince: () => (freshness.vouches() ? signs.since() : undefined),
  });
  const introduced = createIntroduced({
    argocd,
    log,
    health: options.health.check('argocd-version', 'degraded'),
  });

  /** When Argo CD last answered anything */
  let answeredAt = -Infinity;
  const lastAnswer = createLastAnswer({ onChange });
  const answered = () => {
    answeredAt = clock.monotonic();
    lastAnswer.answered();
  };
  let running: Promise<unknown> = Promise.resolve();
  let firstListDone = () => {};
  const firstList = new Promise<void>((resolve) => {
    firstListDone = resolve;
  });

  const problem = createProblem({
    health,
    log,
    server: argocd.server,
    version: () => introduced.server()?.version ?? '',
    onChange,
  });

  const notFresh = () => {
    if (problem.now() !== undefined || freshness.until() === 0) return;
    problem.set(
      `Argo CD at ${argocd.server} has sent nothing for more than ${Math.round(drift.maxAgeMs / 1000)} s, although the connection is open: check whether it is overloaded or paused`,
    );
  };

  /** From now on nothing is valid, not even answers to earlier requests. */
  const lose = (why: string) => {
    const isNews = freshness.lose();
    events.emit('lost');
    problem.set(why, isNews);
    if (isNews) onChange();
  };
  const reach = createReach({
    clock,
    argocd,
    lastSign: signs.last,
    onAway: lose,
    onThere: (back) => {
      answered();
      if (back) wantList();
    },
  });
  const failedWith = (error: ArgoCdError, change = false) => {
    if (signal.aborted) return;
    lastAnswer.failed(error);
    if (raisesDoubt(error)) reach.doubt();
    if (error.kind !== 'unauthenticated') return;
    // The next list shows whether Argo CD refuses the token itself. A refused change is reported without waiting for it.
    if (change) lose(error.message);
    introduced.anew();
    wantList();
  };

  const list = async () => {
    const ticket = registry.ticket();
    const sentAt = clock.monotonic();
    const sentAtWall = clock.now();
    const records = await introduced.list();
    answered();
    if (signal.aborted) return;
    await registry.listInTurns(ticket, records, turn);
    if (signal.aborted) return;
    const partly = registry.partlyKnown();
    if (partly.length > 0) {
      details.ask();
      throw new Error(
        incompleteInWords(partly, `Argo CD ${introduced.server()?.version ?? ''} at ${argocd.server}`),
      );
    }
    const counts = freshness.listed(sentAt, sentAtWall);
    if (counts === 'too-old') {
      wantList();
      return;
    }
    if (counts === 'again') events.emit('regained');
    const streamSince = signs.since();
    if (streamSince !== undefined && sentAt >= streamSince) freshness.vouch();
    problem.set(
      records.length === 0
        ? `the account of the token sees no application at ${argocd.server}: its RBAC policy needs "applications, get", or there are no applications yet`
        : undefined,
    );
    firstListDone();
    onChange();
    details.ask();
  };

  const aloneMs = Math.min(listWithoutStreamMs, drift.maxAgeMs / 2);
  const unreadable = createUnreadable({ clock, log, lookEveryMs: aloneMs, look: wantList });
  const listAgainMs = () => {
    if (!freshness.vouches()) return aloneMs;
    // With a shorter `maxAgeMs` than this, keep-alives alone cannot keep the state fresh.
    return drift.maxAgeMs > keepAliveGapMs ? drift.listEveryMs : Math.min(drift.listEveryMs, aloneMs);
  };

  const listLoop = createListLoop({
    clock,
    reach,
    random,
    signal,
    list: async () => {
      await list();
      lastAnswer.listed();
    },
    againMs: listAgainMs,
    onFailure: async (error) => {
      introduced.failed();
      lastAnswer.listed(error);
      if (isTokenRefused(error)) {
        lose(error.message);
        return;
      }
      if (error instanceof ArgoCdError && raisesDoubt(error)) reach.doubt();
      await reach.whenDecided();
      if (!reach.isAway()) problem.set(messageOf(error));
    },
  });
  events.on('list-wanted', listLoop.wake);
  const probeLoop = createProbeLoop({
    argocd,
    clock,
    reach,
    random,
    onAnswer: answered,
    onFailure: (error) => {
      if (error instanceof ArgoCdError) failedWith(error);
      else reach.doubt();
    },
  });

  // Until it is back, other parts ask whether it is there, or whether it accepts the token.
  events.on('lost', probeLoop.end);
  const startProbing = () => {
    if (!freshness.isLost() && !signal.aborted) probeLoop.begin();
  };

  const streamLoop = createStreamLoop({
    argocd,
    clock,
    log,
    signal,
    random,
    signs,
    health: options.health.check('argocd-stream', 'degraded'),
    idleMs: drift.streamIdleMs,
    whenThere: async () => {
      await listLoop.afterFirst;
      await reach.whenThere();
      // The list comes first. The burst of a stream is many times longer, and would delay the list.
      await new Promise<void>((resolve) => {
        if (!freshness.isLost() || signal.aborted) resolve();
        else events.once('regained', resolve);
      });
      startProbing();
    },
    onSign: (first) => {
      const now = clock.monotonic();
      const wasFresh = now < freshness.until();
      freshness.sign(now);
      if (!wasFresh && now < freshness.until()) onChange();
      if (!first) return;
      probeLoop.end();
      if (!wasFresh) wantList();
    },
    onEvent: (type, record) => registry.event(type, record),
    onUnreadable: (why) => {
      freshness.doubtStream();
      unreadable.event(why);
    },
    // Events between the burst and the live ones can be lost (`measurements-stream-start-gap`), so a list must follow.
    onBurstOver: wantList,
    onQuiet: reach.doubt,
    onEnd: (error, sent) => {
      freshness.doubtStream();
      startProbing();
      // The stream may have ended because another version replaces Argo CD.
      introduced.anew();
      options.onReconnect?.();
      if (error instanceof ArgoCdError) failedWith(error);
      if (!sent) return;
      // Whatever cut the stream may have hidden changes: ask at once, if Argo CD still answers.
      reach.doubt();
      wantList();
    },
  });
  events.on('regained', streamLoop.hurry);

  return {
    start: () => {
      log.info({ server: argocd.server }, `watching Argo CD at ${argocd.server}`);
      running = Promise.all([listLoop.run(), streamLoop.run()]);
    },
    stop: async () => {
      abort.abort();
      probeLoop.end();
      reach.stop();
      // During the start, the stream waits for the first list. These two calls end that wait, because no list follows.
      listLoop.stop();
      events.emit('regained');
      unreadable.stop();
      await running;
      await details.ended();
    },
    freshUntil: freshness.until,
    heardAt: freshness.heardAt,
    streaming: () => signs.since() !== undefined,
    failed: failedWith,
    away: () => (reach.isAway() ? problem.now() : undefined),
    answered,
    doubt: () => {
      const heardAt = Math.max(answeredAt, signs.last());
      if (!freshness.isLost() && clock.monotonic() - heardAt > heardLatelyMs) reach.doubt();
      return reach.isInDoubt() ? reach.whenDecided() : undefined;
    },
    notFresh,
    reachable: () => lastAnswer.now() && !reach.isAway(),
    problem: problem.now,
    lastListAt: freshness.lastListAt,
    server: introduced.server,
    firstList,
  };
}
