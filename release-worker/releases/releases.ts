// Runs accepted releases to their end, and reports them: events, `release/current`, `release/last`, the light, metrics.
import type { Config } from '../../config/sections.ts';
import { releaseEvent } from '../../messages/release.ts';
import { fromTime } from '../../messages/time.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Access } from '../drift/access.ts';
import type { SignalPublisher } from '../drift/signal-publisher.ts';
import { endingOf } from '../drift/ending.ts';
import type { Registry } from '../drift/registry.ts';
import type { Freeze } from '../freeze/freeze.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { createDeployedByButton, type DeployedByButton } from './deployed.ts';
import type { Journal } from './journal.ts';
import { createLateEnds } from './late-ends.ts';
import { endsOf, type Recovered } from './recovery.ts';
import { whyFreeze, type PlannedRelease } from './release.ts';
import { createRunner, type RunnerOptions } from './runner.ts';
import type { RunningReleases } from './running.ts';
import { createReleaseTopics, formerReleases } from './release-topics.ts';
import type { LateEnd, LeftoverSyncs } from './leftover-syncs.ts';

export interface Releases {
  /** Continues the releases of the former run. Must be called before the link starts. */
  start(recovered: Recovered): void;
  /**
   * Starts a release whose acceptance is in the journal.
   * @param acceptedAt on the monotonic clock, in milliseconds
   */
  run(release: PlannedRelease, acceptedAt: number): void;
  /** A sync of an ended release has ended late. */
  endedLate(lateEnds: LateEnd): void;
  readonly deployed: Pick<DeployedByButton, 'of' | 'rolledBackTo'>;
  stop(): Promise<void>;
}

export interface ReleasesOptions extends Pick<RunnerOptions, 'mayAct' | 'whenTakeoverKnown' | 'heldSince'> {
  readonly config: Pick<Config['worker'], 'id' | 'release'>;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly access: Pick<Access, 'refused' | 'lookAgain'>;
  readonly signalPublisher: Pick<SignalPublisher, 'started' | 'finished'>;
  readonly freeze: Pick<Freeze, 'freezeButton'>;
  readonly metrics: Pick<WorkerMetrics, 'released'>;
  readonly running: RunningReleases;
  readonly leftoverSyncs: Pick<LeftoverSyncs, 'adopt' | 'begun' | 'whyLeft' | 'stop'>;
  /** Another process in this worker's place has released for this press. */
  readonly onForeignPress: (pressId: string) => void;
}

export function createReleases(options: ReleasesOptions): Releases {
  const {
    link,
    clock,
    log,
    journal,
    argocd,
    registry,
    access,
    signalPublisher,
    metrics,
    running,
    leftoverSyncs,
  } = options;
  const freezeAfter = ({ button, by, source }: PlannedRelease, why: string) =>
    options.freeze.freezeButton(button, why, by ?? source);
  const deployed = createDeployedByButton();
  const releaseTopics = createReleaseTopics({
    link,
    worker: options.config.id,
    log,
    onOthersLast: ({ button, pressId }) => {
      // Its press must not count again here. The end of an earlier release of ours is no longer current.
      options.onForeignPress(pressId);
      signalPublisher.started(button);
    },
  });
  const lateEnds = createLateEnds({
    registry,
    signalPublisher,
    releaseTopics,
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
    whenTakeoverKnown: options.whenTakeoverKnown,
    heldSince: options.heldSince,
    onRefused: (key, why) => {
      if (why === 'not-permitted') access.refused(key);
      else void access.lookAgain([key]);
    },
    onEvent: (event) => {
      link.publish(releaseEvent.at({ worker: options.config.id }), event);
      if (event.event === 'started') signalPublisher.started(event.button);
    },
    onCurrent: releaseTopics.current,
    onEnd: async (release, ends) => {
      deployed.note(release, ends);
      const why = whyFreeze(release, ends.values());
      if (why !== undefined) await freezeAfter(release, why);
    },
    onFinished: (release, ending, lastedMs) => {
      releaseTopics.last(release);
      metrics.released(release, lastedMs);
      signalPublisher.finished(ending);
    },
    onEnded: (ended) => {
      lateEnds.ended(ended.release);
      leftoverSyncs.adopt(ended);
    },
    whyLeft: leftoverSyncs.whyLeft,
  });

  return {
    start: (recovered) => {
      const { failed, last, timedOut, unfinished } = recovered;
      releaseTopics.start(formerReleases(recovered));
      deployed.remember(recovered.deployed, recovered.rolledBack);
      // A recent success is shown as well, so that a restart does not lose its two flashes.
      for (const ended of last?.outcome === 'succeeded' ? [last, ...failed] : failed) {
        const { release, fates, outcome, at } = ended;
        signalPublisher.finished(endingOf(release, endsOf(fates), { outcome, at: fromTime(at) }));
      }
      lateEnds.recovered(recovered);
      for (const { release, fates, outcome, at } of timedOut)
        leftoverSyncs.adopt({ release, ends: endsOf(fates), outcome, at: fromTime(at) });
      for (const release of unfinished) runner.resume(release);
    },
    run: (release, acceptedAt) => {
      lateEnds.begun(release.button, release.id);
      leftoverSyncs.begun(release.apps.map(keyOf));
      runner.run(release, acceptedAt);
    },
    endedLate: lateEnds.correct,
    deployed,
    stop: async () => {
      await Promise.all([runner.stop(), leftoverSyncs.stop()]);
    },
  };
}
