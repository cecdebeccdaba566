// Keeps the answers about permissions and windows up to date for the applications that are out of sync, in rounds of
// questions.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { eachLimited } from '../each-limited.ts';
import { createAccessAnswers, newRound, type AccessState } from './access-answers.ts';
import { createInTurns } from './in-turns.ts';
import type { Registry } from './registry.ts';
import { isDrifted, type Obstacle } from './drifted.ts';

export interface Access {
  start(): void;
  stop(): Promise<void>;
  /** Undefined if nothing is known to block it. */
  obstacleOf: (key: string) => Obstacle | undefined;
  stateOf(key: string): AccessState | undefined;
  /** Asks again for these applications, 20 at most, even if answers are valid. */
  lookAgain(keys: readonly string[]): Promise<void>;
  /** Argo CD has refused to sync this application because of a missing permission. */
  refused(key: string): void;
}

const lookEveryMs = 15_000;
/**
 * Limit for questions about single applications in one round, and at the same time, so that thousands of drifted
 * applications do not overload Argo CD.
 */
const roundMax = 100;
const atOnce = 2;
const lookedInATurn = 100;
const lookAgainMax = 20;

export function createAccess(options: {
  readonly argocd: Pick<ArgoCd, 'maySync' | 'maySyncAll' | 'syncWindows' | 'projectWindows'>;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (keys: ReadonlySet<string>) => void;
}): Access {
  const { registry, clock } = options;
  const answers = createAccessAnswers(options);
  /** Keys of the applications that are out of sync, updated with each change of the registry */
  const drifted = new Set<string>();
  /** The project that the answers about an application are for. If its project changes, they are no longer valid. */
  const projectOf = new Map<string, string>();
  let timer: Timer | undefined;
  let turning: Timer | undefined;
  let round: Promise<void> | undefined;
  let turnHasCome = false;
  /** Applications that have changed. A round asks about them at once, and about all others only in their turn. */
  const pending = new Set<string>();
  let running = false;
  let forget = () => {};

  const askAll = async (keys: readonly string[], anew: boolean) => {
    const round = newRound(anew);
    let looked = 0;
    await eachLimited(keys, atOnce, async (key) => {
      // A valid answer needs no request. A long series of them would block the event loop.
      looked += 1;
      if (looked % lookedInATurn === 0) await turn();
      if (running && (round.asked < roundMax || answers.isAnswered(key))) await answers.ask(key, round);
    });
    if (round.changed.size > 0) options.onChange(round.changed);
  };

  /** A failed question waits for its turn, whatever else changes. */
  const mayAsk = (key: string) =>
    answers.isDue(key) && clock.monotonic() - answers.failedAt(key) >= lookEveryMs;
  /** Those never asked for come first, then those with the oldest answers, so that each gets its turn. */
  const due = (besides: ReadonlySet<string>) => {
    const never: string[] = [];
    const others: { readonly key: string; readonly at: number }[] = [];
    for (const key of drifted) {
      if (besides.has(key) || !mayAsk(key)) continue;
      const at = answers.triedAt(key);
      if (at === -Infinity) never.push(key);
      else others.push({ key, at });
    }
    others.sort((a, b) => a.at - b.at);
    return [...never, ...others.map(({ key }) => key)];
  };
  /** Applies the known opening and closing times. With thousands of applications, asking Argo CD would take a while. */
  const turnWindows = () => {
    const turned = new Set([...drifted].filter(answers.turnWindow));
    if (turned.size > 0) options.onChange(turned);
  };
  /** @param isTurn asks for everything that is due, not only for what has changed */
  const begin = (isTurn = false) => {
    turnHasCome ||= isTurn;
    if (!running || round !== undefined) return;
    // In a later turn of the event loop: a list changes thousands of applications, and other parts process them too.
    round = turn()
      .then(() => {
        const keys = [...pending].filter(mayAsk);
        pending.clear();
        if (!turnHasCome) return askAll(keys, false);
        turnHasCome = false;
        return askAll([...keys, ...due(new Set(keys))], false).finally(() => {
          // Counted from its end, so that a slow Argo CD gets a pause too.
          timer = clock.setTimeout(() => begin(true), lookEveryMs);
        });
      })
      .finally(() => {
        round = undefined;
        if (pending.size > 0 || turnHasCome) begin();
      });
  };

  const forgetAnswers = (key: string) => {
    drifted.delete(key);
    projectOf.delete(key);
    answers.forget(key);
  };
  /** @returns true if there may be something to ask */
  const note = (key: string): boolean => {
    const app = registry.get(key);
    if (app === undefined) {
      forgetAnswers(key);
      return false;
    }
    if ((projectOf.get(key) ?? app.project) !== app.project) forgetAnswers(key);
    projectOf.set(key, app.project);
    if (!isDrifted(app)) {
      drifted.delete(key);
      return false;
    }
    drifted.add(key);
    return true;
  };
  const askForPending = () => {
    if (pending.size > 0) begin();
  };
  const noting = createInTurns({
    clock,
    handle: (key) => {
      if (note(key) && mayAsk(key)) pending.add(key);
    },
    onDone: askForPending,
  });

  return {
    start: () => {
      running = true;
      for (const app of registry.all()) note(keyOf(app));
      forget = registry.onChange((keys) => {
        noting.add(keys);
        if (!noting.waiting) askForPending();
      });
      turning = clock.setInterval(turnWindows, lookEveryMs);
      begin(true);
    },
    stop: async () => {
      running = false;
      forget();
      noting.stop();
      turning?.cancel();
      timer?.cancel();
      await round;
      timer?.cancel();
    },
    obstacleOf: answers.obstacleOf,
    stateOf: answers.stateOf,
    lookAgain: (keys) => askAll(keys.slice(0, lookAgainMax), true),
    refused: (key) => {
      answers.refused(key);
      options.onChange(new Set([key]));
    },
  };
}
