// What is known of whether an application may be synced now: answers of Argo CD that count for a while, and the questions.
//
// Permission is asked for a whole project first; one application of it only where that is no and it is out of sync.
// Windows are asked for what is out of sync only: those of its project first, and its own where one of them can be about
// it, or the project may not be got. A yes may still be wrong (a policy can deny a single application), so a sync that
// Argo CD refuses is remembered too.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { createAnswerCache } from './answer-cache.ts';
import type { Registry } from './registry.ts';
import type { Obstacle } from './drifted.ts';
import { createWindowQuestions, type WindowAnswer } from './window-questions.ts';

export interface AccessAnswers {
  /** Undefined where nothing is known to be in the way. */
  obstacleOf(key: string): Obstacle | undefined;
  known(key: string): Known | undefined;
  /** whether there is no answer, or its time is over */
  isDue(key: string): boolean;
  /** What is known of its project is all that there is to know. */
  isAnswered(key: string): boolean;
  /** when asking failed last; monotonic milliseconds, -Infinity for never */
  failedAt(key: string): number;
  /** when the windows were asked for last, or asking failed; monotonic milliseconds, -Infinity for never */
  triedAt(key: string): number;
  /** Asks Argo CD what is due, or all of it anew. Never rejects. */
  ask(key: string, round: Round): Promise<void>;
  /** A sync of the application was refused for want of permission. */
  refused(key: string): void;
  /** Opens or closes what was to open or close by now. @returns whether that changes anything */
  turnWindow(key: string): boolean;
  forget(key: string): void;
}

export interface Known {
  readonly permitted: boolean;
  readonly windowOpen: boolean;
  /** milliseconds since the epoch: until when that stays so, as far as it can be told */
  readonly windowUntil?: number;
  /** what Argo CD's people say of the window that is closed to it */
  readonly windowDescription?: string;
}

/** Questions that are asked together. */
export interface Round {
  /** asked whatever is remembered */
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

export function newRound(anew: boolean): Round {
  return { anew, permissions: new Set(), windows: new Set(), asked: 0, changed: new Set() };
}

export function createAccessAnswers(options: {
  readonly argocd: Pick<ArgoCd, 'maySync' | 'maySyncAll' | 'syncWindows' | 'projectWindows'>;
  readonly registry: Pick<Registry, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
}): AccessAnswers {
  const { argocd, registry, clock, log } = options;
  const now = () => clock.monotonic();
  const projects = createAnswerCache<boolean>({ now });
  const permissions = createAnswerCache<boolean>({ now });
  const windows = createAnswerCache<WindowAnswer>({ now });
  const windowQuestions = createWindowQuestions({ argocd, clock, log, forMs: windowForMs });
  const failedAt = new Map<string, number>();

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

  const isPermissionDue = (key: string, project: string) =>
    permissions.has(key) ? permissions.isDue(key) : projects.isDue(project) || projects.of(project) === false;
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
      // An old answer is no obstacle: Argo CD itself refuses what may not be.
      for (const answers of [windows, permissions]) if (answers.isDue(key)) answers.forget(key);
    }
    const after = known(key);
    if (!isDeepStrictEqual(before, after)) round.changed.add(key);
  };

  return {
    obstacleOf: (key) => {
      // The order in which Argo CD checks: the window hides a missing permission (`sync-window-blocked-viewer`).
      if (windows.of(key)?.open === false) return 'blocked-by-sync-window';
      const app = registry.get(key);
      return app !== undefined && permitted(key, app.project) === false ? 'not-permitted' : undefined;
    },
    known,
    isDue,
    isAnswered,
    failedAt: (key) => failedAt.get(key) ?? -Infinity,
    triedAt: (key) => Math.max(windows.askedAt(key), failedAt.get(key) ?? -Infinity),
    ask,
    refused: (key) => permissions.put(key, false, refusalForMs),
    turnWindow: (key) => {
      const window = windows.of(key);
      if (window?.until === undefined || clock.now() < window.until) return false;
      windows.put(key, { open: !window.open }, 0);
      return true;
    },
    forget: (key) => {
      windows.forget(key);
      permissions.forget(key);
      failedAt.delete(key);
    },
  };
}

/** Whether it was not in there yet; now it is. */
function isFirst(seen: Set<string>, project: string): boolean {
  const { size } = seen;
  return seen.add(project).size > size;
}
