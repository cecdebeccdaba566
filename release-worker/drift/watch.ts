// Keeps the registry true: the event stream for speed, a full list for certainty, and a word on how fresh it all is.
import type { Clock } from '../../service/clock.ts';
import { delay } from '../../service/clock.ts';
import type { Health } from '../../service/health.ts';
import { backoffMs } from '../../service/link/backoff.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd, Version } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import { followStream } from '../argocd/stream.ts';
import { isDrifted } from './summary.ts';
import type { Registry } from './registry.ts';

export interface WatchOptions {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  /** applications that some button selects; others are not kept */
  readonly wanted: (app: AppRecord) => boolean;
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
/** A stream that has never sent anything may be half-open; nothing tells, so it is opened anew. */
const silentStreamMs = 600_000;
const reconnect = { minMs: 1_000, maxMs: 60_000 };
const listRetry = { minMs: 1_000, maxMs: 30_000 };
/** After a list the stream's burst brings the detail; what it has not brought by then is asked for. */
const detailAfterMs = 3_000;
const detailAtOnce = 20;

export function createWatch(options: WatchOptions): Watch {
  const { argocd, registry, drift, clock, log, random, wanted, onChange } = options;
  const health = options.health.check('argocd', 'failing');
  const streamHealth = options.health.check('argocd-stream', 'degraded');
  const abort = new AbortController();
  const { signal } = abort;

  let streaming = false;
  let lastSign: number | undefined;
  let lastList: number | undefined;
  let lastListAt: number | undefined;
  let problem: string | undefined;
  let server: Version | undefined;
  let wake = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  let firstListDone = () => {};
  const firstList = new Promise<void>((resolve) => {
    firstListDone = resolve;
  });

  const freshUntil = () => {
    const last = Math.max(lastList ?? -Infinity, lastSign ?? -Infinity);
    return Number.isFinite(last) ? last + drift.maxAgeMs : 0;
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

  const probe = async () => {
    server = await argocd.version();
    if ((await argocd.account()) === undefined)
      throw new ArgoCdError({
        kind: 'unauthenticated',
        message: `Argo CD at ${argocd.server} does not accept the token: it is wrong, expired or revoked. Make a new one (argocd account generate-token --account <name>) and set ARGOCD_AUTH_TOKEN or ARGOCD_AUTH_TOKEN_FILE`,
      });
  };

  const list = async () => {
    if (server === undefined) await probe();
    const ticket = registry.ticket();
    const sentAt = clock.monotonic();
    const sentAtWall = clock.now();
    const records = await argocd.list();
    registry.list(ticket, records.filter(wanted));
    lastList = sentAt;
    lastListAt = sentAtWall;
    setProblem(
      records.length === 0
        ? `the account of the token sees no application at ${argocd.server}: its RBAC policy needs "applications, get"`
        : undefined,
    );
    firstListDone();
    onChange();
  };

  const askForDetail = async () => {
    if (!(await delay(clock, detailAfterMs, signal))) return;
    const missing = [...registry.all()].filter((app) => app.detail === undefined);
    const first = missing.filter(isDrifted).slice(0, detailAtOnce);
    for (const app of first) {
      if (signal.aborted || registry.get(keyOf(app))?.detail !== undefined) continue;
      try {
        const ticket = registry.ticket();
        registry.whole(ticket, await argocd.get(app));
      } catch (error) {
        log.debug(`no detail of ${keyOf(app)}: ${messageOf(error)}`);
      }
    }
  };

  const listLoop = async () => {
    let failures = 0;
    while (!signal.aborted) {
      // Renewed first: a wish for a list that comes while one is under way is not lost.
      wake = new AbortController();
      let waitMs = streaming ? drift.listEveryMs : listWithoutStreamMs;
      try {
        await list();
        failures = 0;
        void askForDetail();
      } catch (error) {
        failures += 1;
        waitMs = backoffMs(failures, listRetry, random());
        setProblem(`${messageOf(error)}; next try in ${(waitMs / 1000).toFixed(0)} s`);
      }
      await delay(clock, waitMs, AbortSignal.any([signal, wake.signal]));
    }
  };

  const streamLoop = async () => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await followStream({
          argocd,
          clock,
          signal,
          idleMs: drift.streamIdleMs,
          silentMs: silentStreamMs,
          onSign: () => {
            const wasFresh = clock.monotonic() < freshUntil();
            lastSign = clock.monotonic();
            if (!wasFresh) onChange();
            if (streaming) return;
            streaming = true;
            failures = 0;
            streamHealth.ok('live');
            // Events between the burst and the live ones can be lost (`measurements-stream-start-gap`).
            wake.abort();
          },
          onEvent: (type, record) => registry.event(wanted(record) ? type : 'deleted', record),
          onUnreadable: (why) => log.warn(`an event of Argo CD's stream could not be read: ${why}`),
        });
      } catch (error) {
        if (signal.aborted) return;
        const was = streaming;
        streaming = false;
        failures += 1;
        const waitMs = backoffMs(failures, reconnect, random());
        const what = `${messageOf(error)}; opened again in ${(waitMs / 1000).toFixed(0)} s`;
        streamHealth.bad(what);
        log.warn(what);
        options.onReconnect?.();
        // Whatever cut the stream may have hidden changes: look at once, and see whether Argo CD still answers.
        if (was) wake.abort();
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
      await running;
    },
    freshUntil,
    problem: () => problem,
    lastListAt: () => lastListAt,
    server: () => server,
    firstList,
  };
}
