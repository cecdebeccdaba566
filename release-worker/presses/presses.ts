// Presses from the buttons' own topics and from foreign ones: they are decided, answered, and released if accepted.
import type { Config } from '../../config/sections.ts';
import type { ClockState } from '../../messages/presence.ts';
import type { Clock } from '../../service/clock.ts';
import { createClockSteps } from '../../service/clock-step.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Access } from '../drift/access.ts';
import type { SignalPublisher } from '../drift/signal-publisher.ts';
import type { AppPublisher } from '../drift/app-publisher.ts';
import type { Registry } from '../drift/registry.ts';
import type { ArgoCdWatch } from '../drift/argocd-watch.ts';
import type { Freeze } from '../freeze/freeze.ts';
import { inWordsOf } from '../freeze/words.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Journal } from '../releases/journal.ts';
import type { Recovered } from '../releases/recovery.ts';
import { refreshAll } from '../releases/refresh.ts';
import type { Releases } from '../releases/releases.ts';
import type { RunningReleases } from '../releases/running.ts';
import type { LeftoverSyncs } from '../releases/leftover-syncs.ts';
import type { StateDirectory } from '../state-directory.ts';
import { takeForeignPresses } from './foreign.ts';
import { createIntake, type IntakeOptions } from './intake.ts';
import { decide } from './decide.ts';
import { cutOff } from './decision.ts';
import type { DecideOptions } from './fresh-checks.ts';
import type { PressHistory } from './press-history.ts';
import { answerFormerPresses } from './unanswered.ts';

export interface Presses {
  /** From now on presses count. Must be called before the link starts. */
  start(recovered: Recovered): void;
  /** Accepts nothing more. Resolves when all received presses are answered. */
  stop(): Promise<void>;
}

export interface PressesOptions extends Pick<IntakeOptions, 'claims' | 'mayAct' | 'heldMs'> {
  readonly config: Config['worker'];
  readonly link: Link;
  readonly clock: Clock;
  readonly clockState: () => ClockState;
  readonly log: Log;
  readonly journal: Journal;
  readonly stateDirectory: Pick<StateDirectory, 'lookAgain'>;
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly watch: ArgoCdWatch;
  readonly access: Access;
  readonly appPublisher: Pick<AppPublisher, 'show'>;
  readonly signalPublisher: Pick<SignalPublisher, 'wasOutOfSyncAt' | 'isUnripe'>;
  readonly freeze: Pick<Freeze, 'of' | 'ofAll'>;
  readonly metrics: Pick<WorkerMetrics, 'press'>;
  readonly history: PressHistory;
  readonly running: Pick<RunningReleases, 'isBusy'>;
  readonly leftoverSyncs: Pick<LeftoverSyncs, 'whyBusy'>;
  readonly releases: Pick<Releases, 'run' | 'deployed'>;
}

export function createPresses(options: PressesOptions): Presses {
  const { config, link, clock, log, journal, argocd, registry, signalPublisher, freeze, history, releases } =
    options;
  const steps = createClockSteps(clock);
  const deciding: DecideOptions = {
    argocd,
    registry,
    watch: options.watch,
    access: options.access,
    clock,
    refreshOnPressMax: config.refreshOnPressMax,
    isBusy: options.running.isBusy,
    whyBusy: options.leftoverSyncs.whyBusy,
    whyUnwritable: options.stateDirectory.lookAgain,
    wasOutOfSyncAt: signalPublisher.wasOutOfSyncAt,
    isUnripe: signalPublisher.isUnripe,
    deployedBy: releases.deployed.of,
    rolledBackTo: releases.deployed.rolledBackTo,
    show: options.appPublisher.show,
  };
  const intake = createIntake({
    link,
    journal,
    clock,
    log,
    worker: config,
    buttons: new Map(config.buttons.map((button) => [button.id, button])),
    claims: options.claims,
    mayAct: options.mayAct,
    heldMs: options.heldMs,
    formerNow: () => (options.clockState() === true ? undefined : steps.former()),
    history,
    frozen: (button) => {
      const frozen = freeze.of(button);
      return frozen.length === 0 ? undefined : { why: inWordsOf(frozen), alone: freeze.ofAll().length === 0 };
    },
    decide: async (...press) => {
      // Another process may have frozen releases in the meantime. That must be known before anything is released.
      return (await link.whenRead()) ? decide(deciding, ...press) : cutOff;
    },
    release: releases.run,
    refresh: (apps) => void refreshAll({ argocd, registry, log, ...config.release }, apps),
    count: options.metrics.press,
  });
  const stops: (() => void)[] = [];

  return {
    start: (recovered) => {
      steps.start();
      history.remember(recovered);
      intake.start();
      stops.push(
        steps.stop,
        answerFormerPresses({ presses: recovered.unanswered, link, journal, clock, log }),
        takeForeignPresses({ presses: config.presses, link, clock, log, take: intake.take }),
      );
    },
    stop: async () => {
      for (const stop of stops.splice(0)) stop();
      await intake.stop();
    },
  };
}
