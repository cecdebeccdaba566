// The releases that run: which application each of them is at, what of them is not over yet, and their end by request.
import { keyOf } from '../argocd/application.ts';
import type { Registry } from '../drift/registry.ts';
import { viewOf } from './follow.ts';
import type { PlannedApp } from './release.ts';
import { terminationOf, type Run } from './run.ts';

export interface RunningReleases {
  /**
   * A release begins.
   * @returns those of the applications that no other release is at: from now on this one is
   */
  begin(run: Run, apps: readonly PlannedApp[]): readonly PlannedApp[];
  /** The release has ended at this application. */
  leave(releaseId: string, key: string): void;
  /** The whole release has ended. */
  end(releaseId: string): void;
  /** the release that has run for longest */
  oldest(): Run | undefined;
  isBusy(key: string): boolean;
  /** the release runs, and is at the application */
  isAt(releaseId: string, key: string): boolean;
  /** of a release that runs */
  buttonOf(releaseId: string): string | undefined;
  /** how many releases of the button run */
  count(button: string): number;
  /** What runs, in words; of all buttons, or of one. */
  inWords(button?: string): readonly string[];
  /**
   * Ends what runs: what was not sent stays so, what runs is terminated in Argo CD.
   * @param app only this application
   */
  terminate(app: string | undefined): Termination;
}

export interface Termination {
  /** how many applications are to end */
  readonly applications: number;
  readonly releases: readonly string[];
  /** those of them that Argo CD has not begun, and cannot end before */
  readonly waiting: readonly string[];
}

export function createRunningReleases(registry: Pick<Registry, 'get'>): RunningReleases {
  const runs = new Map<string, Run>();
  /** by application: the id of the release that is at it */
  const busy = new Map<string, string>();

  return {
    begin: (run, apps) => {
      runs.set(run.release.id, run);
      const free = apps.filter((app) => !busy.has(keyOf(app)));
      for (const app of free) busy.set(keyOf(app), run.release.id);
      return free;
    },
    leave: (releaseId, key) => {
      if (busy.get(key) === releaseId) busy.delete(key);
    },
    end: (releaseId) => void runs.delete(releaseId),
    oldest: () => [...runs.values()][0],
    isBusy: (key) => busy.has(key),
    isAt: (releaseId, key) => busy.get(key) === releaseId,
    buttonOf: (releaseId) => runs.get(releaseId)?.release.button,
    count: (button) => [...runs.values()].filter(({ release }) => release.button === button).length,
    inWords: (button) =>
      [...runs.values()]
        .filter(({ release }) => button === undefined || release.button === button)
        .flatMap(({ release, ends }) =>
          release.apps
            .map(keyOf)
            .filter((key) => !ends.has(key))
            .map((key) => `${key} of release ${release.id}, which runs`),
        ),
    terminate: (app) => {
      const releases = new Set<string>();
      const waiting: string[] = [];
      let applications = 0;
      for (const run of runs.values())
        for (const key of run.release.apps.map(keyOf)) {
          if ((app !== undefined && app !== key) || run.ends.has(key)) continue;
          if (busy.get(key) !== run.release.id) continue;
          terminationOf(run, key).abort();
          applications += 1;
          releases.add(run.release.id);
          if (viewOf(registry.get(key), run.release.id).state === 'pending') waiting.push(key);
        }
      return { applications, releases: [...releases], waiting };
    },
  };
}
