// Keeps the registry true: the event stream for speed, a full list for certainty, and a word on how fresh it all is.
import type { Clock } from '../../service/clock.ts';
import { delay } from '../../service/clock.ts';
import type { Timer } from '../../service/clock.ts';
import type { Health } from '../../service/health.ts';
import { backoffMs } from '../../service/link/backoff.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { ArgoCd, Version } from '../argocd/client.ts';
import { tokenRefused } from '../argocd/errors.ts';
import { followStream } from '../argocd/stream.ts';
import { createDetails } from './details.ts';
import { createListing, partlyTold } from './listing.ts';
import type { Registry } from './registry.ts';
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
  /** To be told when `freshUntil` has passed, so that health says so too. */
  notFresh(): void;
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
/** Argo CD's keep-alives come every 15 s; with a shorter `maxAgeMs` than this they cannot vouch alone. */
const keepAliveGapMs = 20_000;
/** A stream that has never sent anything may be half-open; nothing tells, so it is opened anew. */
const silentStreamMs = 600_000;
/** The burst that a stream begins with is over when nothing has come for so long, or after the longest time. */
const burstQuietMs = 1_000;
const burstLongestMs = 15_000;
const reconnect = { minMs: 1_000, maxMs: 60_000 };
/** A stream that has lived so long was a good one: the next failure starts the delays anew. */
const steadyStreamMs = 30_000;
const listRetry = { minMs: 1_000, maxMs: 30_000 };

export function createWatch(options: WatchOptions): Watch {
  const { argocd, registry, drift, clock, log, random, onChange } = options;
  const health = options.health.check('argocd', 'failing');
  const streamHealth = options.health.check('argocd-stream', 'degraded');
  const abort = new AbortController();
  const { signal } = abort;
  const details = createDetails({ argocd, registry, clock, log, signal });
  const listing = createListing({ argocd, log });

  /** since when the present stream has been sending, and when it sent its last event; monotonic */
  let streamSince: number | undefined;
  let lastEvent = 0;
  let burst: Timer | undefined;
  /** A stream tells of changes only. It vouches once a list has told of what was before it. */
  let vouches = false;
  let vouchedAt = -Infinity;
  let lastList: number | undefined;
  let lastListAt: number | undefined;
  let problem: string | undefined;
  let server: Version | undefined;
  let probed = false;
  let failed = false;
  let listWanted = false;
  let endPause = () => {};
  let running: Promise<unknown> = Promise.resolve();
  let firstListDone = () => {};
  const firstList = new Promise<void>((resolve) => {
    firstListDone = resolve;
  });

  const heardAt = () => (lastList === undefined ? undefined : Math.max(lastList, vouchedAt));
  const freshUntil = () => {
    const heard = heardAt();
    return heard === undefined ? 0 : heard + drift.maxAgeMs;
  };

  const setProblem = (next: string | undefined) => {
    if (next === undefined) health.ok(`connected to Argo CD ${server?.version ?? ''} at ${argocd.server}`);
    else health.bad(next);
    if (next === problem) return;
    problem = next;
    if (next === undefined) log.info({ server: argocd.server }, `Argo CD at ${argocd.server} answers`);
    else log.warn(next);
    onChange();
  };

  const notFresh = () => {
    if (problem !== undefined || freshUntil() === 0) return;
    setProblem(
      `nothing has been heard of Argo CD at ${argocd.server} for more than ${Math.round(drift.maxAgeMs / 1000)} s, although the connection stands: is it overloaded, or stopped?`,
    );
  };

  const probe = async () => {
    server = await argocd.version();
    listing.server(server.version);
    if ((await argocd.account()) === undefined) throw tokenRefused(argocd);
    probed = true;
  };

  const list = async () => {
    const ticket = registry.ticket();
    const sentAt = clock.monotonic();
    const sentAtWall = clock.now();
    // At first together, as each costs a way there and back. Of two refusals the probe's is the plainer one.
    const together = probed || !failed ? listing.list() : undefined;
    together?.catch(() => {});
    if (!probed) await probe();
    const records = await (together ?? listing.list());
    if (signal.aborted) return;
    registry.list(ticket, records);
    const partly = registry.partlyKnown();
    if (partly.length > 0) {
      details.ask();
      throw new Error(partlyTold(partly, `Argo CD ${server?.version ?? ''} at ${argocd.server}`));
    }
    lastList = sentAt;
    lastListAt = sentAtWall;
    if (streamSince !== undefined && sentAt >= streamSince) vouches = true;
    setProblem(
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
    endPause();
  };
  /** Until `ms` have passed, or a list is wanted, or the end. */
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, ms);
      endPause = () => {
        timer.cancel();
        resolve();
      };
    });
  const aloneMs = Math.min(listWithoutStreamMs, drift.maxAgeMs / 2);
  const unreadable = createUnreadable({ clock, log, lookEveryMs: aloneMs, look: wakeList });
  const listAgainMs = () => {
    if (!vouches) return aloneMs;
    return drift.maxAgeMs > keepAliveGapMs ? drift.listEveryMs : Math.min(drift.listEveryMs, aloneMs);
  };

  let firstAsked = () => {};
  /** The burst of a stream is many times as long as a list, and a server that makes both is late with the list. */
  const afterFirstList = new Promise<void>((resolve) => {
    firstAsked = resolve;
  });
  const listLoop = async () => {
    let failures = 0;
    while (!signal.aborted) {
      listWanted = false;
      let waitMs: number;
      try {
        await list();
        failures = 0;
        waitMs = listAgainMs();
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        // Whoever answers next may be another Argo CD, or take the token no longer.
        probed = false;
        failed = true;
        waitMs = backoffMs(failures, listRetry, random());
        setProblem(`${messageOf(error)}; next try in ${(waitMs / 1000).toFixed(0)} s`);
      } finally {
        firstAsked();
      }
      if (!listWanted && !signal.aborted) await pause(waitMs);
    }
  };

  /** Events between the burst and the live ones can be lost (`measurements-stream-start-gap`): a list must follow it. */
  const awaitEndOfBurst = (since: number) => {
    const now = clock.monotonic();
    const endsAt = Math.min(Math.max(since, lastEvent) + burstQuietMs, since + burstLongestMs);
    if (now >= endsAt) wakeList();
    else burst = clock.setTimeout(() => awaitEndOfBurst(since), endsAt - now);
  };
  const onSign = () => {
    const now = clock.monotonic();
    const wasFresh = now < freshUntil();
    if (vouches) vouchedAt = now;
    if (!wasFresh && now < freshUntil()) onChange();
    if (streamSince !== undefined) return;
    streamSince = now;
    streamHealth.ok('live');
    if (!wasFresh) wakeList();
    awaitEndOfBurst(now);
  };
  const onStreamEnd = () => {
    const lived = streamSince === undefined ? 0 : clock.monotonic() - streamSince;
    burst?.cancel();
    streamSince = undefined;
    vouches = false;
    // It may have ended because Argo CD is being replaced by another version.
    probed = false;
    return lived;
  };

  const streamLoop = async () => {
    await afterFirstList;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await followStream({
          argocd,
          clock,
          signal,
          idleMs: drift.streamIdleMs,
          silentMs: silentStreamMs,
          onSign,
          onEvent: (type, record) => {
            lastEvent = clock.monotonic();
            registry.event(type, record);
          },
          onUnreadable: (why) => {
            vouches = false;
            unreadable.event(why);
          },
        });
      } catch (error) {
        const sent = streamSince !== undefined;
        const lived = onStreamEnd();
        if (signal.aborted) return;
        failures = lived >= steadyStreamMs ? 1 : failures + 1;
        const waitMs = backoffMs(failures, reconnect, random());
        const what = `${messageOf(error)}; opened again in ${(waitMs / 1000).toFixed(0)} s`;
        streamHealth.bad(what);
        log.warn(what);
        options.onReconnect?.();
        // Whatever cut the stream may have hidden changes: look at once, and see whether Argo CD still answers.
        if (sent) wakeList();
        await delay(clock, waitMs, signal);
      }
    }
  };

  return {
    start: () => {
      log.info({ server: argocd.server }, `watching Argo CD at ${argocd.server}`);
      running = Promise.all([listLoop(), streamLoop()]);
    },
    stop: async () => {
      abort.abort();
      endPause();
      unreadable.stop();
      await running;
      await details.ended();
    },
    freshUntil,
    heardAt,
    streaming: () => streamSince !== undefined,
    notFresh,
    problem: () => problem,
    lastListAt: () => lastListAt,
    server: () => server,
    firstList,
  };
}
