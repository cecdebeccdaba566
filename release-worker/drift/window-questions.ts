// Whether the sync windows let an application be synced now, and until when: its project is asked first, then itself.
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
  /** Until when is told where the time zones of the windows are known, which takes the right to get the project. */
  ask(
    app: AppRecord,
    how: {
      /** its project, whatever is remembered */
      readonly anew: boolean;
      /** The application gets a question of its own. */
      readonly onOwn: () => void;
    },
  ): Promise<WindowAnswer>;
  /** What is remembered of its project is all that there is to know. */
  isAnswered(app: AppRecord): boolean;
}

const computedForMs = 30_000;
const computedMax = 100;

export function createWindowQuestions(options: {
  readonly argocd: Pick<ArgoCd, 'syncWindows' | 'projectWindows'>;
  readonly clock: Clock;
  readonly log: Log;
  /** how long the windows of a project are remembered, in milliseconds */
  readonly forMs: number;
}): WindowQuestions {
  const { argocd, clock, log, forMs } = options;
  const now = () => clock.monotonic();
  /** undefined: it cannot be got */
  const ofProjects = createAnswerCache<ProjectWindows | undefined>({ now });
  /** by the windows, as text: those of a project share them */
  const computed = createAnswerCache<Openness | undefined>({ now, max: computedMax });

  const untilWhen = async ({ open, assigned }: WindowsOfApp, ofProject: ProjectWindows | undefined) => {
    const zoned = assigned.length === 0 ? undefined : ofProject?.zoned(assigned);
    if (zoned === undefined) return { open };
    const openness = await computed.ask(JSON.stringify(zoned), false, computedForMs, () =>
      Promise.resolve(opennessOf(zoned, clock.now())),
    );
    // Where the calculation disagrees with Argo CD about now, it says nothing about later.
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
