// The releases that run: what of them is not over yet, in words, and the end of it by request.
import { keyOf } from '../argocd/application.ts';
import type { Registry } from '../drift/registry.ts';
import { viewOf } from './follow.ts';
import { terminationOf } from './run.ts';
import type { Run } from './run.ts';

export interface Termination {
  /** how many applications are to end */
  readonly applications: number;
  readonly releases: readonly string[];
  /** those of them that Argo CD has not begun, and cannot end before */
  readonly waiting: readonly string[];
}

/** @param button only its releases */
export function runsInWords(runs: Iterable<Run>, button: string | undefined): readonly string[] {
  return [...runs]
    .filter(({ release }) => button === undefined || release.button === button)
    .flatMap(({ release, ends }) =>
      release.apps
        .map(keyOf)
        .filter((key) => !ends.has(key))
        .map((key) => `${key} of release ${release.id}, which runs`),
    );
}

/**
 * @param isAt whether the run is at the application, and no other
 * @param app only this application
 */
export function terminateRuns(
  runs: Iterable<Run>,
  isAt: (run: Run, key: string) => boolean,
  registry: Pick<Registry, 'get'>,
  app: string | undefined,
): Termination {
  const releases = new Set<string>();
  const waiting: string[] = [];
  let applications = 0;
  for (const run of runs)
    for (const key of run.release.apps.map(keyOf)) {
      if ((app !== undefined && app !== key) || run.ends.has(key) || !isAt(run, key)) continue;
      terminationOf(run, key).abort();
      applications += 1;
      releases.add(run.release.id);
      if (viewOf(registry.get(key), run.release.id).state === 'pending') waiting.push(key);
    }
  return { applications, releases: [...releases], waiting };
}
