// Whether what is out of sync may be released now: keeps the answers of Argo CD current, a round of questions at a time.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { eachLimited } from '../each-limited.ts';
import { createAccessAnswers, newRound, type Known } from './access-answers.ts';
import { createInTurns } from './in-turns.ts';
import type { Registry } from './registry.ts';
import { isDrifted, type Obstacle } from './drifted.ts';

export interface Access {
  start(): void;
  stop(): Promise<void>;
  /** Undefined where nothing is known to be in the way. */
  obstacleOf: (key: string) => Obstacle | undefined;
  known(key: string): Known | undefined;
  /** Asks anew for these, at most 20 of them, whatever is remembered. */
  lookAgain(keys: readonly string[]): Promise<void>;
  /** Argo CD has refused to sync this application for want of permission. */
  refused(key: string): void;
}

const lookEveryMs = 15_000;
/**
 * Questions about single applications, about so many in one round, and at once: an Argo CD with thousands of drifted ones is
 * left in peace.
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
  /** of what the registry has, by its changes */
  const drifted = new Set<string>();
  /** of the applications that there are answers about: what holds in one project says nothing of another */
  const projectOf = new Map<string, string>();
  let timer: Timer | undefined;
  let turning: Timer | undefined;
  let round: Promise<void> | undefined;
  let turnHasCome = false;
  /** What has changed is asked for at once, and nobody else with it, however often something changes. */
  const pending = new Set<string>();
  let running = false;
  let forget = () => {};

  const askAll = async (keys: readonly string[], anew: boolean) => {
    const round = newRound(anew);
    let looked = 0;
    await eachLimited(keys, atOnce, async (key) => {
      // What is answered already costs no question, and so leaves the event loop to nobody.
      looked += 1;
      if (looked % lookedInATurn === 0) await turn();
      if (running && (round.asked < roundMax || answers.isAnswered(key))) await answers.ask(key, round);
    });
    if (round.changed.size > 0) options.onChange(round.changed);
  };

  /** A failure waits for its turn, whatever else changes meanwhile. */
  const mayAsk = (key: string) =>
    answers.isDue(key) && clock.monotonic() - answers.failedAt(key) >= lookEveryMs;
  /** Those never asked for first, then the oldest answers, so that everybody's turn comes. */
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
  /** When a window was to end or begin is known: with thousands it would take a while until Argo CD has been asked. */
  const turnWindows = () => {
    const turned = new Set([...drifted].filter(answers.turnWindow));
    if (turned.size > 0) options.onChange(turned);
  };
  /** It is the turn of everybody, a round of them. */
  const look = () => {
    turnHasCome = true;
    begin();
  };
  const begin = () => {
    if (!running || round !== undefined) return;
    // Not in the same turn of the loop as the change: a list brings thousands, and others work on it too.
    round = turn()
      .then(() => {
        const keys = [...pending].filter(mayAsk);
        pending.clear();
        if (!turnHasCome) return askAll(keys, false);
        turnHasCome = false;
        return askAll([...keys, ...due(new Set(keys))], false).finally(() => {
          // From its end on: an Argo CD that takes long to answer is not asked without a pause.
          timer = clock.setTimeout(look, lookEveryMs);
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
  /** @returns whether there may be something to ask */
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
      look();
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
    known: answers.known,
    lookAgain: (keys) => askAll(keys.slice(0, lookAgainMax), true),
    refused: (key) => {
      answers.refused(key);
      options.onChange(new Set([key]));
    },
  };
}
