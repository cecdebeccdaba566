// A release under way.
import { keyOf } from '../argocd/application.ts';
import type { AppEnd, AppProgress, PlannedApp, PlannedRelease } from './release.ts';

export interface Run {
  readonly release: PlannedRelease;
  /** monotonic milliseconds */
  readonly acceptedAt: number;
  /** monotonic milliseconds; undefined: in a former run */
  readonly beganAt: number | undefined;
  readonly progress: Map<string, AppProgress>;
  readonly ends: Map<string, AppEnd>;
  /** aborted where somebody wants the release of the application to end */
  readonly terminations: Map<string, AbortController>;
}

export function newRun(release: PlannedRelease, acceptedAt: number, beganAt: number | undefined): Run {
  return { release, acceptedAt, beganAt, progress: new Map(), ends: new Map(), terminations: new Map() };
}

export function terminationOf({ terminations }: Run, key: string): AbortController {
  const known = terminations.get(key) ?? new AbortController();
  terminations.set(key, known);
  return known;
}

export function isTerminated({ terminations }: Run, app: PlannedApp): boolean {
  return terminations.get(keyOf(app))?.signal.aborted === true;
}
