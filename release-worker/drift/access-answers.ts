// Answers of Argo CD about whether an application may be synced now. Each answer is valid for a while.
//
// Permission is asked for a whole project first, and for one application only if that answer is no and the application is
// out of sync. Windows are asked only for what is out of sync: those of the project first, and those of the application if
// one of them may apply to it or the account may not read the project. A yes may still be wrong, because a policy can deny
// a single application. So a sync that Argo CD refuses is remembered too.
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
  /** Undefined if nothing is known to block it. */
  obstacleOf(key: string): Obstacle | undefined;
  stateOf(key: string): AccessState | undefined;
  /** True if there is no answer, or it has expired */
  isDue(key: string): boolean;
  /** The answers about its project are sufficient. */
  isAnswered(key: string): boolean;
  /** When a question last failed, in monotonic milliseconds. -Infinity: never */
  failedAt(key: string): number;
  /** When the windows were last asked for, or a question failed, in monotonic milliseconds. -Infinity: never */
  triedAt(key: string): number;
  /** Asks Argo CD what is due, or everything again. Never rejects. */
  ask(key: string, round: Round): Promise<void>;
  /** Argo CD refused a sync of the application because of a missing permission. */
  refused(key: string): void;
  /** Opens and closes the windows whose time has come. @returns true if that changes anything */
  turnWindow(key: string): boolean;
  forget(key: string): void;
}

/** What is known about the rights and windows of an application. */
export interface AccessState {
  readonly permitted: boolean;
  readonly windowOpen: boolean;
  /** Until when that is so, in milliseconds since the epoch, if it can be calculated */
  readonly windowUntil?: number;
  /** The description of the closed window in Argo CD */
  readonly windowDescription?: string;
}

/** One round of questions. */
export interface Round {
  /** Asks even if an answer is valid */
  readonly anew: boolean;
  /** Projects that were asked again in this round, for permission and for windows */
  readonly permissions: Set<string>;
  readonly windows: Set<string>;
  /** Applications that were asked about on their own */
  asked: number;
  readonly changed: Set<string>;
}

/** Windows open and close on the minute. In milliseconds. */
const windowForMs = 60_000;
/** Permissions change rarely. A press asks again, and a refusal is noticed. In milliseconds. */
const permissionForMs = 3_600_000;
/** A refusal is checked again after this time, because somebody may repair it and wait for the light. In milliseconds. */
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
  const stateOf = (key: string): AccessState | undefined => {
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
  /** The answers about its project are sufficient. */
  const isAnswered = (key: string) => {
    const app = registry.get(key);
    if (app === undefined || isPermissionDue(key, app.project)) return false;
    return windowQuestions.isAnswered(app);
  };

  const askPermission = async (app: AppRecord, round: Round) => {
    const { anew } = round;
    const key = keyOf(app);
    if (!anew && !isPermissionDue(key, app.project)) return;
    // If one application has an answer of its own, the yes of the project does not apply to it.
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
    const before = stateOf(key);
    try {
      await Promise.all([
        askPermission(app, round),
        windows.ask(key, round.anew, windowForMs, () => askWindows(app, round)),
      ]);
      failedAt.delete(key);
    } catch (error) {
      log.debug(`could not find out whether ${key} may be synced: ${messageOf(error)}`);
      failedAt.set(key, now());
      // An expired answer blocks nothing: Argo CD itself refuses what is not allowed.
      for (const answers of [windows, permissions]) if (answers.isDue(key)) answers.forget(key);
    }
    const after = stateOf(key);
    if (!isDeepStrictEqual(before, after)) round.changed.add(key);
  };

  return {
    obstacleOf: (key) => {
      // In the order of Argo CD's checks: a closed window hides a missing permission (`sync-window-blocked-viewer`).
      if (windows.of(key)?.open === false) return 'blocked-by-sync-window';
      const app = registry.get(key);
      return app !== undefined && permitted(key, app.project) === false ? 'not-permitted' : undefined;
    },
    stateOf,
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

/** Adds the project. @returns true if it was new */
function isFirst(projects: Set<string>, project: string): boolean {
  const { size } = projects;
  return projects.add(project).size > size;
}
