// Asks for what a list does not tell (messages, history, whose operation it was; the target before Argo CD 3.5.0), where
// the stream has not told either.
import type { Clock } from '../../service/clock.ts';
import { delay } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { AppName, ArgoCd } from '../argocd/client.ts';
import { fetchApp } from './fetch-app.ts';
import type { Registry } from './registry.ts';
import { isDrifted } from './drifted.ts';

export interface Details {
  /** After a list: what the stream has not brought in a while is asked for, a few at a time. */
  ask(): void;
  /** Resolves when nothing is under way any more, after the signal. */
  ended(): Promise<void>;
}

/** The stream's burst brings the detail of all; it takes so long at most where it comes at all. In milliseconds. */
const afterMs = 3_000;
/** In one go; the next list asks for the next ones. What the list told too little of comes first, then what is out of sync. */
const atOnce = 20;

/**
 * Besides those: what is out of sync, whose target lists leave out and no stream is sure to have told. Where there are more, those that
 * have waited for longest, so that everybody's turn comes.
 */
const anewAtOnce = 20;

/** What is out of sync cannot be released while its target is not known. */
function lacksDetail(app: AppRecord): boolean {
  return app.detail === undefined || (app.target === undefined && isDrifted(app));
}

export function createDetails(options: {
  readonly argocd: Pick<ArgoCd, 'get'>;
  readonly registry: Registry;
  /** since when a stream tells of every change, so that what is known of targets is not old; undefined: none does */
  readonly vouchesSince: () => number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Details {
  const { argocd, registry, vouchesSince, clock, log, signal } = options;
  let asking: Promise<void> | undefined;
  /** which of the questions asked anew was the last about an application */
  const lastAsked = new Map<string, number>();
  let askedAnew = 0;
  /** the stream that was the last to vouch */
  let vouched: number | undefined;

  const ask = async (app: AppName) => {
    try {
      await fetchApp({ argocd, registry }, app);
    } catch (error) {
      if (!signal.aborted) log.debug(`no detail of ${keyOf(app)}: ${messageOf(error)}`);
    }
  };
  const oldTargets = () => {
    const old = registry.withoutListedTarget().filter((app) => isDrifted(app) && !lacksDetail(app));
    const keys = new Set(old.map(keyOf));
    for (const key of lastAsked.keys()) if (!keys.has(key)) lastAsked.delete(key);
    const turn = (app: AppRecord) => lastAsked.get(keyOf(app)) ?? 0;
    return old.toSorted((a, b) => turn(a) - turn(b)).slice(0, anewAtOnce);
  };

  const round = async () => {
    if (!(await delay(clock, afterMs, signal))) return;
    const missing = [...registry.all()].filter((app) => lacksDetail(app) && !app.deleting);
    const drifted = missing.filter(isDrifted);
    const others = missing.filter((app) => !isDrifted(app));
    for (const app of [...registry.partlyKnown(), ...drifted, ...others].slice(0, atOnce)) {
      const key = keyOf(app);
      const known = registry.get(key);
      // The stream may have told meanwhile, also that it is gone.
      if (known === undefined ? !registry.isPartlyKnown(key) : !lacksDetail(known)) continue;
      await ask(app);
      if (signal.aborted) return;
    }
    // What happens while a stream begins may be lost (`measurements-stream-start-gap`), and no list tells of it later.
    const since = vouchesSince();
    if (since !== undefined && since === vouched) return;
    vouched = since;
    for (const app of oldTargets()) {
      lastAsked.set(keyOf(app), (askedAnew += 1));
      await ask(app);
      if (signal.aborted) return;
    }
  };

  return {
    ask: () => {
      asking ??= round().finally(() => {
        asking = undefined;
      });
    },
    ended: async () => {
      await asking;
    },
  };
}
