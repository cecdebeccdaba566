// Asks for what a list does not tell (messages, history, whose operation it was; the target before Argo CD 3.5.0), where
// the stream has not told either.
import type { Clock } from '../../service/clock.ts';
import { delay } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { lookAt } from './look.ts';
import type { Registry } from './registry.ts';
import { isDrifted } from './summary.ts';

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

/** What is out of sync cannot be released while its target is not known. */
function lacksDetail(app: AppRecord): boolean {
  return app.detail === undefined || (app.target === undefined && isDrifted(app));
}

export function createDetails(options: {
  readonly argocd: Pick<ArgoCd, 'get'>;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Details {
  const { argocd, registry, clock, log, signal } = options;
  let asking: Promise<void> | undefined;

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
      try {
        await lookAt({ argocd, registry }, app);
      } catch (error) {
        if (signal.aborted) return;
        log.debug(`no detail of ${key}: ${messageOf(error)}`);
      }
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
