// Whether what is out of sync may be released now: permission and sync windows, asked for and remembered for a while.
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Registry } from './registry.ts';
import { isDrifted } from './summary.ts';
import type { Obstacle } from './summary.ts';

export interface Access {
  start(): void;
  stop(): Promise<void>;
  /** Undefined where nothing is known to be in the way. */
  obstacleOf: (key: string) => Obstacle | undefined;
  known(key: string): { readonly permitted: boolean; readonly windowOpen: boolean } | undefined;
  /** Asks anew for these, at most 20 of them. */
  lookAgain(keys: readonly string[]): Promise<void>;
}

interface Answer {
  readonly permitted: boolean;
  readonly windowOpen: boolean;
  /** monotonic milliseconds */
  readonly at: number;
}

/** How long an answer counts. A window opens and closes by the minute. In milliseconds. */
const answerForMs = 60_000;
const lookEveryMs = 15_000;
/** Applications asked for in one round, and at once: an Argo CD with thousands of drifted ones is left in peace. */
const roundMax = 100;
const atOnce = 2;
const lookAgainMax = 20;

export function createAccess(options: {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (keys: ReadonlySet<string>) => void;
}): Access {
  const { argocd, registry, clock, log } = options;
  const answers = new Map<string, Answer>();
  /** when asking failed last; the next try waits for its round */
  const failedAt = new Map<string, number>();
  let timer: Timer | undefined;
  let round: Promise<void> | undefined;
  let again = false;
  let running = false;
  let forget = () => {};

  const ask = async (key: string, changed: Set<string>) => {
    const app = registry.get(key);
    if (app === undefined) return;
    try {
      const [permitted, windowOpen] = await Promise.all([argocd.maySync(app), argocd.windowOpen(app)]);
      const before = answers.get(key);
      answers.set(key, { permitted, windowOpen, at: clock.monotonic() });
      failedAt.delete(key);
      if (before?.permitted !== permitted || before.windowOpen !== windowOpen) changed.add(key);
    } catch (error) {
      log.debug(`whether ${key} may be synced is not known: ${messageOf(error)}`);
      failedAt.set(key, clock.monotonic());
      // Old news are no obstacle: Argo CD itself refuses what may not be.
      if (!isDue(key) || !answers.delete(key)) return;
      changed.add(key);
    }
  };
  const askAll = async (keys: readonly string[]) => {
    const changed = new Set<string>();
    const queue = keys.values();
    const one = async () => {
      for (const key of queue) if (running) await ask(key, changed);
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    if (changed.size > 0) options.onChange(changed);
  };

  const askedAt = (key: string) => answers.get(key)?.at ?? -Infinity;
  const isDue = (key: string) => clock.monotonic() - askedAt(key) >= answerForMs;
  /** Those never asked for first, then the oldest answers, so that everybody's turn comes. */
  const due = () =>
    [...registry.all()]
      .filter(isDrifted)
      .map(keyOf)
      .filter(isDue)
      .sort((a, b) => (askedAt(a) < askedAt(b) ? -1 : askedAt(a) > askedAt(b) ? 1 : 0))
      .slice(0, roundMax);
  const look = () => {
    if (!running) return;
    if (round !== undefined) {
      again = true;
      return;
    }
    timer?.cancel();
    round = askAll(due()).finally(() => {
      round = undefined;
      if (again) {
        again = false;
        look();
      } else if (running) timer = clock.setTimeout(look, lookEveryMs);
    });
  };

  return {
    start: () => {
      running = true;
      forget = registry.onChange((keys) => {
        for (const key of keys) if (registry.get(key) === undefined) forgetAnswer(key);
        if ([...keys].some((key) => wantsAnswer(key))) look();
      });
      look();
    },
    stop: async () => {
      running = false;
      forget();
      timer?.cancel();
      await round;
      timer?.cancel();
    },
    obstacleOf: (key) => {
      const answer = answers.get(key);
      if (answer === undefined) return undefined;
      // The order in which Argo CD checks: the window hides a missing permission (`sync-window-blocked-viewer`).
      if (!answer.windowOpen) return 'blocked-by-sync-window';
      return answer.permitted ? undefined : 'not-permitted';
    },
    known: (key) => answers.get(key),
    lookAgain: (keys) => askAll(keys.slice(0, lookAgainMax)),
  };

  function wantsAnswer(key: string): boolean {
    const app = registry.get(key);
    const failed = failedAt.get(key) ?? -Infinity;
    return app !== undefined && isDrifted(app) && isDue(key) && clock.monotonic() - failed >= lookEveryMs;
  }
  function forgetAnswer(key: string): void {
    answers.delete(key);
    failedAt.delete(key);
  }
}
