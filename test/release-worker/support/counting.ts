import { keyOf, type AppRecord } from '../../../release-worker/argocd/application.ts';
import type { DriftCounts, Obstacle } from '../../../release-worker/drift/drifted.ts';
import { createLostComparisons } from '../../../release-worker/drift/lost-comparisons.ts';
import { createDriftCounter } from '../../../release-worker/drift/drift-counter.ts';

/** The count of these applications for a button that selects them all. */
export function countDrift(
  apps: readonly AppRecord[],
  obstacleOf: (key: string) => Obstacle | undefined,
): DriftCounts {
  const registry = new Map(apps.map((app) => [keyOf(app), app]));
  const driftCounter = createDriftCounter({
    registry,
    buttons: [],
    obstacleOf,
    automatedGraceMs: 0,
    lost: createLostComparisons(),
  });
  driftCounter.update(registry.keys(), 0);
  return driftCounter.all();
}
