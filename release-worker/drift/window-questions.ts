// Asks whether sync windows allow a sync of an application now, and until when: first about the project, then about itself.
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { WindowsOfApp } from '../argocd/sync-window.ts';
import { createAnswerCache } from './answer-cache.ts';
import { projectWindows } from './project-windows.ts';
import type { ProjectWindows } from './project-windows.ts';
import { opennessOf } from './windows.ts';
import type { Openness } from './windows.ts';

export interface WindowAnswer extends Openness {
  readonly description?: string;
}

interface WindowQuestions {
  /** The end is known only with the time zones of the windows, which needs the right to read the project. */
  ask(
    app: AppRecord,
    how: {
      /** Asks about its project even if that answer is remembered. */
      readonly anew: boolean;
      /** Called if the worker must ask about the application itself. */
      readonly onOwn: () => void;
    },
  ): Promise<WindowAnswer>;
  /** The remembered answer about its project is sufficient. */
  isAnswered(app: AppRecord): boolean;
}

const computedForMs = 30_000;
const computedMax = 100;

export function createWindowQuestions(options: {
  readonly argocd: Pick<ArgoCd, 'syncWindows' | 'projectWindows'>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long the windows of a project are remembered, in milliseconds */
  readonly forMs: number;
}): WindowQuestions {
  const { argocd, clock, log, forMs } = options;
  const now = () => clock.monotonic();
  /** Undefined: it cannot be read */
  const ofProjects = createAnswerCache<ProjectWindows | undefined>({ now });
  /** Keyed by the windows as text, because applications of a project share them */
  const computed = createAnswerCache<Openness | undefined>({ now, max: computedMax });

  const untilWhen = async ({ open, assigned }: WindowsOfApp, ofProject: ProjectWindows | undefined) => {
    const zoned = assigned.length === 0 ? undefined : ofProject?.zoned(assigned);
    if (zoned === undefined) return { open };
    const openness = await computed.ask(JSON.stringify(zoned), false, computedForMs, () =>
      Promise.resolve(opennessOf(zoned, clock.now())),
    );
    // If the calculation disagrees with Argo CD about now, it is not used for later.
    return openness?.open === open ? openness : { open };
  };

  return {
    ask: async (app, { anew, onOwn }) => {
      const ofProject = await ofProjects.ask(app.project, anew, forMs, () =>
        argocd.projectWindows(app.project).then(projectWindows, (error: unknown) => {
          log.debug(`each application of ${app.project} is asked for its sync windows: ${messageOf(error)}`);
          return undefined;
        }),
      );
      if (ofProject?.concern(app) === false) return { open: true };
      onOwn();
      const answer = await argocd.syncWindows(app);
      const description = ofProject?.describe(app, answer);
      return {
        ...(await untilWhen(answer, ofProject)),
        ...(description === undefined ? {} : { description }),
      };
    },
    isAnswered: (app) => !ofProjects.isDue(app.project) && ofProjects.of(app.project)?.concern(app) === false,
  };
}
