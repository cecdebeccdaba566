// Whether what is out of sync may be released now: permission and sync windows, asked for with few calls and remembered.
//
// Permission is asked for a whole project first; one application of it only where that is no and it is out of sync.
// Windows are asked for what is out of sync only: those of its project first, and its own where one of them can be about
// it, or the project may not be got. A yes may still be wrong (a policy can deny a single application), so a sync that
// Argo CD refuses is remembered too.
import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { eachLimited } from '../each-limited.ts';
import { createAnswers } from './answers.ts';
import { createInTurns } from './in-turns.ts';
import type { Registry } from './registry.ts';
import { isDrifted } from './summary.ts';
import type { Obstacle } from './summary.ts';
import { createWindowQuestions } from './window-questions.ts';
import type { WindowAnswer } from './window-questions.ts';

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

interface Known {
  readonly permitted: boolean;
  readonly windowOpen: boolean;
  /** milliseconds since the epoch: until when that stays so, as far as it can be told */
  readonly windowUntil?: number;
  /** what Argo CD's people say of the window that is closed to it */
  readonly windowDescription?: string;
}

interface Round {
  /** whatever is remembered */
  readonly anew: boolean;
  /** projects asked anew already, for permission and for windows */
  readonly permissions: Set<string>;
  readonly windows: Set<string>;
  /** applications that a question of their own was asked about */
  asked: number;
  readonly changed: Set<string>;
}

/** A window opens and closes by the minute. In milliseconds. */
const windowForMs = 60_000;
/** Rights change rarely; a press asks anew, and a refusal is noticed. In milliseconds. */
const permissionForMs = 3_600_000;
/** A refusal is asked after again so soon: somebody will put it right and wait for the light. In milliseconds. */
const refusalForMs = 60_000;
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
  const { argocd, registry, clock, log } = options;
  const now = () => clock.monotonic();
  const projects = createAnswers<boolean>({ now });
  const permissions = createAnswers<boolean>({ now });
  const windows = createAnswers<WindowAnswer>({ now });
  const windowQuestions = createWindowQuestions({ argocd, clock, log, forMs: windowForMs });
  /** of what the registry has, by its changes */
  const drifted = new Set<string>();
  /** of the applications that there are answers about: what holds in one project says nothing of another */
  const projectOf = new Map<string, string>();
  /** when asking failed last; the next try waits for its round */
  const failedAt = new Map<string, number>();
  let timer: Timer | undefined;
  let turning: Timer | undefined;
  let round: Promise<void> | undefined;
  let turnHasCome = false;
  /** What has changed is asked for at once, and nobody else with it, however often something changes. */
  const news = new Set<string>();
  let running = false;
  let forget = () => {};

  const permitted = (key: string, project: string) => permissions.of(key) ?? projects.of(project);
  const known = (key: string): Known | undefined => {
    const app = registry.get(key);
    const window = windows.of(key);
    const may = app === undefined ? undefined : permitted(key, app.project);
    if (window === undefined || may === undefined) return undefined;
    const { open, until, description } = window;
    return {
      permitted: may,
      windowOpen: open,
      ...(until === undefined ? {} : { windowUntil: until }),
      ...(description === undefined ? {} : { windowDescription: description }),
    };
  };

  const isDue = (key: string) => {
    const app = registry.get(key);
    return app !== undefined && (windows.isDue(key) || isPermissionDue(key, app.project));
  };
  /** What is known of its project is all that there is to know. */
  const isAnswered = (key: string) => {
    const app = registry.get(key);
    if (app === undefined || isPermissionDue(key, app.project)) return false;
    return windowQuestions.isAnswered(app);
  };
  const isPermissionDue = (key: string, project: string) =>
    permissions.has(key) ? permissions.isDue(key) : projects.isDue(project) || projects.of(project) === false;

  const askPermission = async (app: AppRecord, round: Round) => {
    const { anew } = round;
    const key = keyOf(app);
    if (!anew && !isPermissionDue(key, app.project)) return;
    // Where one application has an answer of its own, the project's yes does not hold for it.
    if (!permissions.has(key)) {
      const anewForProject = anew && isFirst(round.permissions, app.project);
      const question = () => argocd.maySyncAll(app.project);
      if (await projects.ask(app.project, anewForProject, permissionForMs, question)) return;
    }
    round.asked += 1;
    await permissions.ask(key, true, permissionForMs, () => argocd.maySync(app));
  };
  const askWindows = (app: AppRecord, round: Round) =>
    windowQuestions.ask(app, {
      anew: round.anew && isFirst(round.windows, app.project),
      onOwn: () => {
        round.asked += 1;
      },
    });
  const ask = async (key: string, round: Round) => {
    const app = registry.get(key);
    if (app === undefined) return;
    const before = known(key);
    try {
      await Promise.all([
        askPermission(app, round),
        windows.ask(key, round.anew, windowForMs, () => askWindows(app, round)),
      ]);
      failedAt.delete(key);
    } catch (error) {
      log.debug(`whether ${key} may be synced is not known: ${messageOf(error)}`);
      failedAt.set(key, now());
      // Old news are no obstacle: Argo CD itself refuses what may not be.
      for (const answers of [windows, permissions]) if (answers.isDue(key)) answers.forget(key);
    }
    const after = known(key);
    if (!isDeepStrictEqual(before, after)) round.changed.add(key);
  };
  const askAll = async (keys: readonly string[], anew: boolean) => {
    const round: Round = { anew, permissions: new Set(), windows: new Set(), asked: 0, changed: new Set() };
    let looked = 0;
    await eachLimited(keys, atOnce, async (key) => {
      // What is answered already costs no question, and so leaves the event loop to nobody.
      looked += 1;
      if (looked % lookedInATurn === 0) await turn();
      if (running && (round.asked < roundMax || isAnswered(key))) await ask(key, round);
    });
    if (round.changed.size > 0) options.onChange(round.changed);
  };

  /** A failure waits for its turn, whatever else changes meanwhile. */
  const mayAsk = (key: string) => isDue(key) && now() - (failedAt.get(key) ?? -Infinity) >= lookEveryMs;
  /** Those never asked for first, then the oldest answers, so that everybody's turn comes. */
  const due = (besides: ReadonlySet<string>) => {
    const never: string[] = [];
    const others: { readonly key: string; readonly at: number }[] = [];
    for (const key of drifted) {
      if (besides.has(key) || !mayAsk(key)) continue;
      const at = Math.max(windows.askedAt(key), failedAt.get(key) ?? -Infinity);
      if (at === -Infinity) never.push(key);
      else others.push({ key, at });
    }
    others.sort((a, b) => a.at - b.at);
    return [...never, ...others.map(({ key }) => key)];
  };
  /** When a window was to end or begin is known: with thousands it would take a while until Argo CD has been asked. */
  const turnWindows = () => {
    const turned = new Set<string>();
    for (const key of drifted) {
      const known = windows.of(key);
      if (known?.until === undefined || clock.now() < known.until) continue;
      windows.put(key, { open: !known.open }, 0);
      turned.add(key);
    }
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
        const keys = [...news].filter(mayAsk);
        news.clear();
        if (!turnHasCome) return askAll(keys, false);
        turnHasCome = false;
        return askAll([...keys, ...due(new Set(keys))], false).finally(() => {
          // From its end on: an Argo CD that takes long to answer is not asked without a pause.
          timer = clock.setTimeout(look, lookEveryMs);
        });
      })
      .finally(() => {
        round = undefined;
        if (news.size > 0 || turnHasCome) begin();
      });
  };

  const forgetAnswers = (key: string) => {
    drifted.delete(key);
    projectOf.delete(key);
    windows.forget(key);
    permissions.forget(key);
    failedAt.delete(key);
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
  const askForNews = () => {
    if (news.size > 0) begin();
  };
  const noting = createInTurns({
    clock,
    handle: (key) => {
      if (note(key) && mayAsk(key)) news.add(key);
    },
    onDone: askForNews,
  });

  return {
    start: () => {
      running = true;
      for (const app of registry.all()) note(keyOf(app));
      forget = registry.onChange((keys) => {
        noting.add(keys);
        if (!noting.waiting) askForNews();
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
    obstacleOf: (key) => {
      // The order in which Argo CD checks: the window hides a missing permission (`sync-window-blocked-viewer`).
      if (windows.of(key)?.open === false) return 'blocked-by-sync-window';
      const app = registry.get(key);
      return app !== undefined && permitted(key, app.project) === false ? 'not-permitted' : undefined;
    },
    known,
    lookAgain: (keys) => askAll(keys.slice(0, lookAgainMax), true),
    refused: (key) => {
      permissions.put(key, false, refusalForMs);
      options.onChange(new Set([key]));
    },
  };
}

/** Whether it was not in there yet; now it is. */
function isFirst(seen: Set<string>, project: string): boolean {
  const { size } = seen;
  return seen.add(project).size > size;
}
