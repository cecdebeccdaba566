// Waits for health after a sync, where the configuration asks for that.
import { keyOf } from '../argocd/application.ts';
import { changed, firstLookMs, gone, isGone, lookNow, nextLookMs } from './news.ts';
import type { FollowOptions } from './news.ts';
import type { AppEnd } from './release.ts';

/** What was degraded before the release needs a while to recover. In milliseconds. */
const degradedGraceMs = 30_000;

/** Waits for health where that is asked for; `end` is how it ends once it is there. */
export async function healthy(options: FollowOptions, end: AppEnd): Promise<AppEnd | undefined> {
  const { registry, clock, app, deadline, signal } = options;
  if (!options.waitHealthy) return end;
  const key = keyOf(app);
  const degradedCountsAt = clock.monotonic() + degradedGraceMs;
  let record = registry.get(key);
  let seen = record;
  let lookMs = firstLookMs;
  for (;;) {
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
    if (await changed(options, seen, Math.min(lookMs, left, untilCounts))) {
      record = registry.get(key);
      seen = record;
      continue;
    }
    if (signal.aborted) return undefined;
    lookMs = nextLookMs(options, lookMs);
    seen = registry.get(key);
    try {
      record = await lookNow(options);
      seen = registry.get(key);
    } catch (error) {
      if (isGone(error)) return gone;
    }
  }
}
