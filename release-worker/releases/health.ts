// Waits until an application is healthy after a sync, if the configuration asks for that.
import { createAppUpdates, gone } from './app-updates.ts';
import type { FollowOptions } from './app-updates.ts';
import type { AppEnd } from './release.ts';

/** An application that was degraded before the release needs some time to recover. In milliseconds. */
const degradedGraceMs = 30_000;

/** @param end how the release of the application ends once it is healthy, or at once if nobody asked to wait */
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
