// Presses from the buttons' own topics and from foreign ones: judged, answered, and if accepted released.
import type { Config } from '../../config/sections.ts';
import type { ClockState } from '../../messages/presence.ts';
import type { Clock } from '../../service/clock.ts';
import { createClockSteps } from '../../service/clock-step.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import type { ArgoCd } from '../argocd/client.ts';
import type { Access } from '../drift/access.ts';
import type { Board } from '../drift/signal-publisher.ts';
import type { Publisher } from '../drift/app-publisher.ts';
import type { Registry } from '../drift/registry.ts';
import type { Watch } from '../drift/argocd-watch.ts';
import type { Freeze } from '../freeze/freeze.ts';
import { inWordsOf } from '../freeze/words.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Journal } from '../releases/journal.ts';
import type { Recovered } from '../releases/recovery.ts';
import { refreshAll } from '../releases/refresh.ts';
import type { Releases } from '../releases/releases.ts';
import type { RunningReleases } from '../releases/running.ts';
import type { Unended } from '../releases/leftover-syncs.ts';
import type { StateDirectory } from '../state-directory.ts';
import { takeForeignPresses } from './foreign.ts';
import { createIntake, type IntakeOptions } from './intake.ts';
import { judge } from './decide.ts';
import { cutOff } from './decision.ts';
import type { JudgeOptions } from './fresh-checks.ts';
import type { PressMemory } from './press-history.ts';
import { answerFormerPresses } from './unanswered.ts';

export interface Presses {
  /** From now on presses count. To be called before the link starts. */
  start(recovered: Recovered): void;
  /** Accepts nothing more. Resolves when the presses taken in are answered. */
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
  readonly watch: Watch;
  readonly access: Access;
  readonly publisher: Pick<Publisher, 'show'>;
  readonly board: Pick<Board, 'wasOutOfSyncAt' | 'isUnripe'>;
  readonly freeze: Pick<Freeze, 'of' | 'ofAll'>;
  readonly metrics: Pick<WorkerMetrics, 'press'>;
  readonly memory: PressMemory;
  readonly running: Pick<RunningReleases, 'isBusy'>;
  readonly unended: Pick<Unended, 'whyBusy'>;
  readonly releases: Pick<Releases, 'run' | 'deployed'>;
}

export function createPresses(options: PressesOptions): Presses {
  const { config, link, clock, log, journal, argocd, registry, board, freeze, memory, releases } = options;
  const steps = createClockSteps(clock);
  const judging: JudgeOptions = {
    argocd,
    registry,
    watch: options.watch,
    access: options.access,
    clock,
    refreshOnPressMax: config.refreshOnPressMax,
    isBusy: options.running.isBusy,
    whyBusy: options.unended.whyBusy,
    whyUnwritable: options.stateDirectory.lookAgain,
    wasOutOfSyncAt: board.wasOutOfSyncAt,
    isUnripe: board.isUnripe,
    deployedBy: releases.deployed.of,
    rolledBackTo: releases.deployed.rolledBackTo,
    show: options.publisher.show,
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
    memory,
    frozen: (button) => {
      const frozen = freeze.of(button);
      return frozen.length === 0 ? undefined : { why: inWordsOf(frozen), alone: freeze.ofAll().length === 0 };
    },
    judge: async (...press) => {
      // A freeze that another process has taken in meanwhile must be known before anything is released.
      return (await link.whenRead()) ? judge(judging, ...press) : cutOff;
    },
    release: releases.run,
    refresh: (apps) => void refreshAll({ argocd, registry, log, ...config.release }, apps),
    count: options.metrics.press,
  });
  const stops: (() => void)[] = [];

  return {
    start: (recovered) => {
      steps.start();
      memory.remember(recovered);
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
