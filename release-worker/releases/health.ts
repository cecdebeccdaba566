// Waits for health after a sync, where the configuration asks for that.
import { createAppUpdates, gone } from './app-updates.ts';
import type { FollowOptions } from './app-updates.ts';
import type { AppEnd } from './release.ts';

/** What was degraded before the release needs a while to recover. In milliseconds. */
const degradedGraceMs = 30_000;

/** Waits for health where that is asked for; `end` is how it ends once it is there. */
export async function healthy(options: FollowOptions, end: AppEnd): Promise<AppEnd | undefined> {
  const { clock, deadline } = options;
  if (!options.waitHealthy) return end;
  const degradedCountsAt = clock.monotonic() + degradedGraceMs;
  const updates = createAppUpdates(options);
  for (;;) {
    const record = updates.record();
    if (record?.health === 'Healthy') return end;
    const now = clock.monotonic();
    if (record?.health === 'Degraded' && now >= degradedCountsAt)
      return { outcome: 'failed', message: `${end.message}, but its health is Degraded`, good: false };
    const left = deadline - now;
    if (left <= 0)
      return {
        outcome: 'timed-out',
        message: `${end.message}, but not healthy in time (${record?.health ?? 'not seen'})`,
        good: false,
      };
    const untilCounts = now < degradedCountsAt ? degradedCountsAt - now : Infinity;
    const { by } = await updates.next(Math.min(left, untilCounts));
    if (by === 'abort') return undefined;
    if (by === 'gone') return gone;
  }
}
