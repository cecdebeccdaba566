// The state of a running release.
import { keyOf } from '../argocd/application.ts';
import type { AppEnd, AppProgress, PlannedApp, PlannedRelease } from './release.ts';

export interface Run {
  readonly release: PlannedRelease;
  /** on the monotonic clock, in milliseconds */
  readonly acceptedAt: number;
  /** on the monotonic clock, in milliseconds; undefined: it began in a former run */
  readonly beganAt: number | undefined;
  readonly progress: Map<string, AppProgress>;
  readonly ends: Map<string, AppEnd>;
  /** aborted when somebody terminates the release of that application */
  readonly terminations: Map<string, AbortController>;
}

export function newRun(release: PlannedRelease, acceptedAt: number, beganAt: number | undefined): Run {
  return { release, acceptedAt, beganAt, progress: new Map(), ends: new Map(), terminations: new Map() };
}

export function terminationOf({ terminations }: Run, key: string): AbortController {
  const termination = terminations.get(key) ?? new AbortController();
  terminations.set(key, termination);
  return termination;
}

export function isTerminated({ terminations }: Run, app: PlannedApp): boolean {
  return terminations.get(keyOf(app))?.signal.aborted === true;
}
