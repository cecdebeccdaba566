// Publishes the drift summary when it has changed, at a limited rate.
import { drift as driftChannel } from '../../messages/drift.ts';
import type { Frozen } from '../../messages/freeze.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Obstacle } from './drifted.ts';
import { driftState, summaryOf } from './summary.ts';
import type { DriftCounter } from './drift-counter.ts';

export interface SummaryPublisher {
  /**
   * Publishes the summary, at once if its state has changed.
   * @param fresh true if the known state of Argo CD is fresh
   * @param now in monotonic milliseconds
   * @returns when to call again. Infinity: after the next change
   */
  publish(fresh: boolean, now: number): number;
}

/** A summary is 50 times as long as a signal, and nobody needs it that often. In milliseconds. */
const gatherMs = 200;

export function createSummaryPublisher(options: {
  readonly link: Pick<Link, 'publish'>;
  readonly worker: string;
  readonly clock: Clock;
  readonly driftCounter: Pick<DriftCounter, 'all' | 'listed' | 'oldest'>;
  readonly obstacleOf: (key: string) => Obstacle | undefined;
  /** True if Argo CD answered the last request */
  readonly reachable: () => boolean;
  readonly server: string;
  readonly simulated: () => boolean;
  /** What blocks every button */
  readonly frozen: () => Frozen | undefined;
}): SummaryPublisher {
  const { link, clock, driftCounter } = options;
  let published = '';
  let publishedAt = -Infinity;
  let state: string | undefined;
  let since = 0;
  /** The start of the oldest drift, on both clocks */
  let oldest: { readonly monotonic: number; readonly at: number } | undefined;

  const publishChanged = (fresh: boolean) => {
    const counts = driftCounter.all();
    const next = driftState(counts, fresh);
    if (next !== state) {
      state = next;
      since = clock.now();
    }
    const monotonic = driftCounter.oldest();
    // Calculated once, because the two clocks do not run alike.
    if (monotonic !== oldest?.monotonic)
      oldest =
        monotonic === undefined
          ? undefined
          : { monotonic, at: clock.now() - (clock.monotonic() - monotonic) };
    const summary = summaryOf({
      apps: driftCounter.listed(),
      obstacleOf: options.obstacleOf,
      counts,
      fresh,
      reachable: options.reachable(),
      since,
      oldestDriftAt: oldest?.at,
      now: clock.now(),
      server: options.server,
      simulated: options.simulated(),
      frozen: options.frozen(),
    });
    const text = JSON.stringify({ ...summary, at: '' });
    if (text === published) return;
    published = text;
    publishedAt = clock.monotonic();
    link.publish(driftChannel.at({ worker: options.worker }), summary);
  };

  return {
    publish: (fresh, now) => {
      const dueAt = publishedAt + gatherMs;
      if (now < dueAt && driftState(driftCounter.all(), fresh) === state) return dueAt;
      publishChanged(fresh);
      return Infinity;
    },
  };
}
