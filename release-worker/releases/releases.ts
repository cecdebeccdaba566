// From an accepted press to its end, and what everybody is told of it: events, `release/current`, `release/last`, the
// light and the metrics.
import type { Config } from '../../config/sections.ts';
import { releaseEvent } from '../../messages/release.ts';
import { fromTime } from '../../messages/time.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Access } from '../drift/access.ts';
import type { Board } from '../drift/signal-publisher.ts';
import { endingOf } from '../drift/ending.ts';
import type { Registry } from '../drift/registry.ts';
import type { Freeze } from '../freeze/freeze.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { createDeployedByButton, type DeployedByButton } from './deployed.ts';
import type { Journal } from './journal.ts';
import { createLate } from './late-ends.ts';
import { endsOf, type Recovered } from './recovery.ts';
import { whyFreeze, type PlannedRelease } from './release.ts';
import { createRunner, type RunnerOptions } from './runner.ts';
import type { RunningReleases } from './running.ts';
import { createSaid, formerReleases } from './release-topics.ts';
import type { LateEnd, Unended } from './leftover-syncs.ts';

export interface Releases {
  /** Goes on with the releases of the former run. To be called before the link starts. */
  start(recovered: Recovered): void;
  /**
   * Starts a release whose acceptance is in the journal.
   * @param acceptedAt monotonic milliseconds
   */
  run(release: PlannedRelease, acceptedAt: number): void;
  /** A release has ended otherwise than was told before. */
  endedLate(late: LateEnd): void;
  readonly deployed: Pick<DeployedByButton, 'of' | 'rolledBackTo'>;
  stop(): Promise<void>;
}

export interface ReleasesOptions extends Pick<RunnerOptions, 'mayAct' | 'whenDecided' | 'heldSince'> {
  readonly config: Pick<Config['worker'], 'id' | 'release'>;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly access: Pick<Access, 'refused' | 'lookAgain'>;
  readonly board: Pick<Board, 'started' | 'finished'>;
  readonly freeze: Pick<Freeze, 'freezeButton'>;
  readonly metrics: Pick<WorkerMetrics, 'released'>;
  readonly running: RunningReleases;
  readonly unended: Pick<Unended, 'adopt' | 'begun' | 'whyLeft' | 'stop'>;
  /** A press that another process in this worker's place has released for. */
  readonly onForeignPress: (pressId: string) => void;
}

export function createReleases(options: ReleasesOptions): Releases {
  const { link, clock, log, journal, argocd, registry, access, board, metrics, running, unended } = options;
  const freezeAfter = ({ button, by, source }: PlannedRelease, why: string) =>
    options.freeze.freezeButton(button, why, by ?? source);
  const deployed = createDeployedByButton();
  const said = createSaid({
    link,
    worker: options.config.id,
    log,
    onOthersLast: ({ button, pressId }) => {
      // Its press is not to count again here, and how an earlier release of ours ended is no longer news.
      options.onForeignPress(pressId);
      board.started(button);
    },
  });
  const late = createLate({
    registry,
    board,
    said,
    deployed,
    freeze: (release, why) => void freezeAfter(release, why),
  });
  const runner = createRunner({
    argocd,
    registry,
    running,
    journal,
    clock,
    log,
    release: options.config.release,
    mayAct: options.mayAct,
    whenDecided: options.whenDecided,
    heldSince: options.heldSince,
    onRefused: (key, why) => {
      if (why === 'not-permitted') access.refused(key);
      else void access.lookAgain([key]);
    },
    onEvent: (event) => {
      link.publish(releaseEvent.at({ worker: options.config.id }), event);
      if (event.event === 'started') board.started(event.button);
    },
    onCurrent: said.current,
    onEnd: async (release, ends) => {
      deployed.note(release, ends);
      const why = whyFreeze(release, ends.values());
      if (why !== undefined) await freezeAfter(release, why);
    },
    onFinished: (release, ending, lastedMs) => {
      said.last(release);
      metrics.released(release, lastedMs);
      board.finished(ending);
    },
    onEnded: (ended) => {
      late.ended(ended.release);
      unended.adopt(ended);
    },
    whyLeft: unended.whyLeft,
  });

  return {
    start: (recovered) => {
      const { failed, last, timedOut, unfinished } = recovered;
      said.start(formerReleases(recovered));
      deployed.remember(recovered.deployed, recovered.rolledBack);
      // Also a success, of which little time has passed: its two flashes are not lost by a restart.
      for (const ended of last?.outcome === 'succeeded' ? [last, ...failed] : failed) {
        const { release, fates, outcome, at } = ended;
        board.finished(endingOf(release, endsOf(fates), { outcome, at: fromTime(at) }));
      }
      late.recovered(recovered);
      for (const { release, fates, outcome, at } of timedOut)
        unended.adopt({ release, ends: endsOf(fates), outcome, at: fromTime(at) });
      for (const release of unfinished) runner.resume(release);
    },
    run: (release, acceptedAt) => {
      late.begun(release.button, release.id);
      unended.begun(release.apps.map(keyOf));
      runner.run(release, acceptedAt);
    },
    endedLate: late.tell,
    deployed,
    stop: async () => {
      await Promise.all([runner.stop(), unended.stop()]);
    },
  };
}
