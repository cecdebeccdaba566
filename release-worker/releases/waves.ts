// The order of applications within a release: one wave after the other.
import type { PlannedApp } from './release.ts';

/** Groups the applications by wave, first wave first. Within a wave they keep their order. */
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
