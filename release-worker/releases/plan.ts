// Decides what a press releases. Pure.
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { Registry } from '../drift/registry.ts';
import { type Obstacle, isDrifted } from '../drift/drifted.ts';
import type { PlannedApp } from './release.ts';

export interface Plan {
  readonly apps: readonly PlannedApp[];
  /** out of sync, but another release of this worker is releasing it */
  readonly busy: readonly string[];
  /** out of sync, but Argo CD would refuse the sync */
  readonly blocked: ReadonlyMap<string, Obstacle>;
  /** out of sync, but the target is not known yet */
  readonly unknown: readonly string[];
}

/** The applications of a button, or those that `only` names. Names are looked up: there may be thousands of others. */
export function candidatesOf(
  registry: Pick<Registry, 'all' | 'get'>,
  selected: (app: AppRecord) => boolean,
  only: readonly string[] | undefined,
): readonly AppRecord[] {
  const apps =
    only === undefined ? [...registry.all()] : [...new Set(only)].flatMap((key) => registry.get(key) ?? []);
  return apps.filter(selected);
}

/** @param pinned whether each sync is pinned to the target; then the target must be known */
export function planOf(
  candidates: readonly AppRecord[],
  isBusy: (key: string) => boolean,
  obstacleOf: (key: string) => Obstacle | undefined,
  waves: Waves = [],
  pinned = true,
): Plan {
  const apps: PlannedApp[] = [];
  const busy: string[] = [];
  const blocked = new Map<string, Obstacle>();
  const unknown: string[] = [];
  for (const app of candidates) {
    if (!isDrifted(app)) continue;
    const key = keyOf(app);
    const obstacle = obstacleOf(key);
    if (isBusy(key)) busy.push(key);
    else if (obstacle !== undefined) blocked.set(key, obstacle);
    else if (pinned && app.target === undefined) unknown.push(key);
    else apps.push(plannedOf(app, app.target ?? '', waves));
  }
  return { apps, busy, blocked, unknown };
}

/** Groups of applications, `name` or `namespace/name`, in the order of their release. */
export type Waves = readonly (readonly string[])[];

/** @param to the revision to deploy; empty: not known, and never pinned */
export function plannedOf(app: AppRecord, to: string, waves: Waves = []): PlannedApp {
  const wave = waveOf(app, waves);
  return {
    namespace: app.namespace,
    name: app.name,
    project: app.project,
    from: app.detail?.deployed ?? '',
    to,
    sources: app.sources,
    automated: app.automated,
    ...(wave === 0 ? {} : { wave }),
  };
}

/** An application that no wave names comes after the last wave. */
function waveOf(app: AppRecord, waves: Waves): number {
  const found = waves.findIndex((wave) => wave.includes(app.name) || wave.includes(keyOf(app)));
  return found === -1 ? waves.length : found;
}
