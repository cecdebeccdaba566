// The running releases: which applications each of them handles, what is not over yet, and termination on request.
import { keyOf } from '../argocd/application.ts';
import type { Registry } from '../drift/registry.ts';
import { viewOf } from './follow.ts';
import type { PlannedApp } from './release.ts';
import { terminationOf, type Run } from './run.ts';

export interface RunningReleases {
  /**
   * Registers a release that begins.
   * @returns the applications that no other release handles; from now on they belong to this release
   */
  begin(run: Run, apps: readonly PlannedApp[]): readonly PlannedApp[];
  /** The release has finished this application. */
  leave(releaseId: string, key: string): void;
  /** The whole release has ended. */
  end(releaseId: string): void;
  /** the release that has been running longest */
  oldest(): Run | undefined;
  isBusy(key: string): boolean;
  /** whether this release is running and handles the application */
  isAt(releaseId: string, key: string): boolean;
  /** the button of a running release */
  buttonOf(releaseId: string): string | undefined;
  /** the number of running releases of the button */
  count(button: string): number;
  /** What is running, in words; of all buttons, or of one. */
  inWords(button?: string): readonly string[];
  /**
   * Terminates running releases. What was not sent is never sent, and Argo CD is asked to terminate running syncs.
   * @param app only this application
   */
  terminate(app: string | undefined): Termination;
}

export interface Termination {
  /** number of applications to terminate */
  readonly applications: number;
  readonly releases: readonly string[];
  /** those that Argo CD has not started, and cannot terminate before */
  readonly waiting: readonly string[];
}

export function createRunningReleases(registry: Pick<Registry, 'get'>): RunningReleases {
  const runs = new Map<string, Run>();
  /** by application: the id of the release that handles it */
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
            .map((key) => `${key} of release ${release.id}, which is running`),
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
