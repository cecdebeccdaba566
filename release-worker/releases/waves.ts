// The order within a release: waves one after the other.
import type { PlannedApp } from './release.ts';

/** The applications by wave, the first wave first; those of one wave in their order. */
export function wavesOf(apps: readonly PlannedApp[]): readonly (readonly PlannedApp[])[] {
  const waves = new Map<number, PlannedApp[]>();
  for (const app of apps) {
    const wave = app.wave ?? 0;
    const others = waves.get(wave);
    if (others === undefined) waves.set(wave, [app]);
    else others.push(app);
  }
  return [...waves].sort(([a], [b]) => a - b).map(([, wave]) => wave);
}
