// Asks for what a list leaves out, if the stream has not reported it: messages, history, whose operation it was, and the target
// before Argo CD 3.5.0.
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
  /** After a list: asks for what the stream has not reported for a while, a few at a time. */
  ask(): void;
  /** Resolves when no question is running, after the signal. */
  ended(): Promise<void>;
}

/** The burst of the stream contains all details. It takes at most this long, if it comes. In milliseconds. */
const afterMs = 3_000;
/** Limit for one round; the next list continues. Incomplete applications come first, then those out of sync. */
const atOnce = 20;

/**
 * Limit for further questions: about what is out of sync, if lists leave out its target and no stream is sure to have
 * reported it. If there are more, those that have waited for longest come first, so that each gets its turn.
 */
const anewAtOnce = 20;

/** What is out of sync cannot be released while its target is unknown. */
function lacksDetail(app: AppRecord): boolean {
  return app.detail === undefined || (app.target === undefined && isDrifted(app));
}

export function createDetails(options: {
  readonly argocd: Pick<ArgoCd, 'get'>;
  readonly registry: Registry;
  /** Since when a stream reports every change, so that known targets are current. Undefined: no stream does */
  readonly vouchesSince: () => number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Details {
  const { argocd, registry, vouchesSince, clock, log, signal } = options;
  let asking: Promise<void> | undefined;
  /** The last question about each application */
  const lastAsked = new Map<string, number>();
  let askedAnew = 0;
  /** The last stream that reported every change */
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
      const current = registry.get(key);
      // Meanwhile the stream may have reported the details, or that the application is gone.
      if (current === undefined ? !registry.isPartlyKnown(key) : !lacksDetail(current)) continue;
      await ask(app);
      if (signal.aborted) return;
    }
    // Events at the start of a stream may be lost (`measurements-stream-start-gap`), and no later list reports them.
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
