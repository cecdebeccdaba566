// The release worker: presses to releases, Argo CD to drift, wired together.
import { selects } from '../config/selection.ts';
import { releaseEvent } from '../messages/release.ts';
import { toTime } from '../messages/time.ts';
import { createClockSteps } from '../service/clock-step.ts';
import { createPauseWatch } from '../service/pause.ts';
import { keyOf } from './argocd/application.ts';
import { heeded } from './argocd/heeded.ts';
import { createAccess } from './drift/access.ts';
import { createBoard } from './drift/board.ts';
import { createPublisher } from './drift/publisher.ts';
import { createRegistry } from './drift/registry.ts';
import { createRevisions } from './drift/revisions.ts';
import { createWatch } from './drift/watch.ts';
import { createFreeze } from './freeze/freeze.ts';
import { inWordsOf } from './freeze/words.ts';
import { goOnFromFormerRun } from './former-run.ts';
import { createInfo } from './info.ts';
import { createLamps } from './lamps.ts';
import { workerMetrics } from './metrics.ts';
import { untilDecided } from './decided.ts';
import type { WorkerOptions } from './options.ts';
import { createOthers } from './others.ts';
import { takeForeignPresses } from './presses/foreign.ts';
import { createIntake } from './presses/intake.ts';
import type { Intake } from './presses/intake.ts';
import { cutOff } from './presses/looking.ts';
import { judge } from './presses/judge.ts';
import { createPressMemory, rememberIdsMax } from './presses/memory.ts';
import { createDeployedByButton } from './releases/deployed.ts';
import { noteForLater } from './releases/note-for-later.ts';
import { createRecovery } from './releases/recovery.ts';
import { createLate } from './releases/late.ts';
import { refreshAll } from './releases/refresh.ts';
import { whyFreeze } from './releases/release.ts';
import type { PlannedRelease } from './releases/release.ts';
import { createRunner } from './releases/runner.ts';
import type { Said } from './releases/said.ts';
import { takeTerminations } from './releases/terminate.ts';
import { createUnended } from './releases/unended.ts';
import { createReplies } from './replies.ts';
import { saySelected } from './selection.ts';
import { createStateDirectory } from './state-directory.ts';
import { createTaken } from './taken.ts';

export interface Worker {
  /** @throws JournalError when the journal cannot be opened */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createWorker(options: WorkerOptions): Worker {
  const { config, link, clock, log, health, random } = options;
  const stateDirectory = createStateDirectory({
    stateDir: config.stateDir,
    clock,
    log,
    health,
    onChange: () => board.changed(),
  });
  const journal = stateDirectory.watchJournal(options.journal);
  const argocd = heeded(options.argocd, {
    onAnswer: () => watch.answered(),
    onFailure: (error, change) => watch.failed(error, change),
    away: () => watch.away(),
  });
  const buttons = new Map(config.buttons.map((button) => [button.id, button]));
  const mayAct = () => link.state.state !== 'standby';
  const whenDecided = () => untilDecided({ link, clock });
  const pause = createPauseWatch({ clock, thresholdMs: config.maxPressAgeMs });
  const steps = createClockSteps(clock);
  const others = createOthers({ link, worker: config.id, onChange: () => taken.say() });
  const taken = createTaken({ buttons: config.buttons, takes: others.takes, health, log });
  const registry = createRegistry((app) => config.buttons.some(({ select }) => selects(select, app)));
  const changed = (keys: Iterable<string>) => {
    publisher.changed(keys);
    board.changed(keys);
  };
  const access = createAccess({ argocd, registry, clock, log, onChange: changed });
  const revisions = createRevisions({ argocd, registry, clock, log, onChange: changed });
  const watch = createWatch({
    argocd: options.argocd,
    registry,
    clock,
    log,
    health,
    random,
    drift: config.drift,
    onReconnect: () => metrics.streamReconnect(),
    onChange: () => {
      board.changed();
      info.changed();
    },
  });
  const info = createInfo({ ...options, server: watch.server });
  const publisher = createPublisher({
    link,
    registry,
    clock,
    log,
    access,
    revisions,
    isAlone: () => !others.areThere(),
    buttons: config.buttons,
    maxPublishesPerSecond: config.drift.maxPublishesPerSecond,
    externalUrl: options.externalUrl,
  });
  const metrics = workerMetrics({
    registry: options.metrics,
    clock,
    buttons: config.buttons.map(({ id }) => id),
    now: {
      releasing: (button) => runner.running(button),
      heardAt: watch.heardAt,
      isFresh: () => clock.monotonic() < watch.freshUntil(),
      isStreaming: watch.streaming,
    },
  });
  const runner = createRunner({
    argocd,
    registry,
    journal,
    clock,
    log,
    release: config.release,
    mayAct,
    whenDecided,
    heldSince: pause.heldSince,
    onRefused: (key, why) => {
      if (why === 'not-permitted') access.refused(key);
      else void access.lookAgain([key]);
    },
    onEvent: (event) => {
      link.publish(releaseEvent.at({}), event);
      if (event.event === 'started') board.started(event.button);
    },
    onCurrent: (release) => said?.current(release),
    onEnd: async (release, ends) => {
      deployed.note(release, ends);
      const why = whyFreeze(release, ends.values());
      if (why !== undefined) await freezeAfter(release, why);
    },
    onFinished: (release, ending, lastedMs) => {
      said?.last(release);
      metrics.released(release, lastedMs);
      board.finished(ending);
    },
    onEnded: (ended) => {
      late.ended(ended.release);
      unended.adopt(ended);
    },
    whyLeft: (key) => unended.whyLeft(key),
  });
  const deployed = createDeployedByButton();
  const freezeAfter = (release: PlannedRelease, why: string) =>
    freeze.freezeButton(release.button, why, release.by ?? release.source);
  const late = createLate({
    registry,
    board: () => board,
    said: () => said,
    deployed,
    freeze: (release, why) => void freezeAfter(release, why),
  });
  const unended = createUnended({
    argocd,
    registry,
    journal,
    clock,
    log,
    release: config.release,
    isAt: runner.isAt,
    buttonOf: runner.buttonOf,
    onLate: late.tell,
  });
  const replies = createReplies(link, options.topicPrefix);
  const goesOn = (button?: string) => [...runner.inWords(button), ...unended.inWords(button)];
  const freeze = createFreeze({
    link,
    clock,
    log,
    file: stateDirectory.watchFreezeFile(options.freezeFile),
    journal,
    replies,
    worker: config.id,
    buttons: config.buttons.map(({ id }) => id),
    isOthers: others.own,
    onChange: () => board.changed(),
    health: health.check('freeze', 'degraded'),
    goesOn,
  });
  const board = createBoard({
    link,
    registry,
    watch,
    access,
    clock,
    log,
    worker: config.id,
    server: argocd.server,
    buttons: config.buttons,
    automatedGraceMs: config.drift.automatedGraceMs,
    releasing: (button) => runner.running(button),
    freeze,
    unwritable: stateDirectory.problem,
    onOver: ({ releaseId }) =>
      void noteForLater(journal, log, { type: 'over', at: toTime(clock.now()), releaseId }),
    onLost: (changes) =>
      void noteForLater(journal, log, { type: 'compared', at: toTime(clock.now()), ...changes }),
    onShown: (shown) => {
      metrics.shown(shown);
      lamps.show(shown.button, shown.signal);
    },
  });
  const lamps = createLamps({ lights: config.lights, link, clock, log });

  const forgets: (() => void)[] = [];
  let intake: Intake | undefined;
  let said: Said | undefined;

  return {
    start: async () => {
      const recovery = createRecovery(rememberIdsMax);
      await journal.open(recovery.add);
      const recovered = recovery.result();
      await stateDirectory.start();

      taken.say();
      pause.start();
      steps.start();
      others.start();
      await freeze.start();
      takeTerminations({ link, runner, unended, replies, log, goesOn, others: others.areThere });
      forgets.push(registry.onChange(changed));
      publisher.start();
      lamps.start();
      board.start();
      info.start();
      const memory = createPressMemory({ clock, ...recovered });
      const former = goOnFromFormerRun({
        recovered,
        memory,
        link,
        journal,
        clock,
        log,
        isOthers: others.own,
        board,
        deployed,
        late,
        unended,
        runner,
      });
      said = former.said;
      forgets.push(former.stop);
      access.start();
      watch.start();
      void watch.firstList.then(() => {
        publisher.complete();
        saySelected({ buttons: config.buttons, registry, server: argocd.server, log });
      });

      intake = createIntake({
        link,
        journal,
        clock,
        log,
        worker: config,
        buttons,
        isOthers: (button) => (buttons.has(button) ? others.takes(button) : others.own(button)),
        mayAct,
        heldMs: pause.heldMs,
        formerNow: () => (options.clockState() === true ? undefined : steps.former()),
        memory,
        frozen: (button) => {
          const frozen = freeze.of(button);
          return frozen.length === 0
            ? undefined
            : { why: inWordsOf(frozen), alone: freeze.ofAll().length === 0 };
        },
        judge: async (button, action, only, taken) => {
          // A freeze that another process has taken in meanwhile must be known before anything is released.
          if (!(await link.whenRead())) return cutOff;
          return judge(
            {
              argocd,
              registry,
              watch,
              access,
              clock,
              refreshOnPressMax: config.refreshOnPressMax,
              isBusy: runner.isBusy,
              whyBusy: unended.whyBusy,
              whyUnwritable: stateDirectory.lookAgain,
              wasOutOfSyncAt: board.wasOutOfSyncAt,
              isUnripe: board.isUnripe,
              deployedBy: deployed.of,
              rolledBackTo: deployed.rolledBackTo,
              show: publisher.show,
            },
            button,
            action,
            only,
            taken,
          );
        },
        release: (release, acceptedAt) => {
          late.begun(release.button, release.id);
          unended.begun(release.apps.map(keyOf));
          runner.run(release, acceptedAt);
        },
        refresh: (apps) => void refreshAll({ argocd, registry, log, ...config.release }, apps),
        count: metrics.press,
      });
      intake.start();
      const { take } = intake;
      forgets.push(takeForeignPresses({ presses: config.presses, link, clock, log, take }));
    },
    stop: async () => {
      info.stop();
      pause.stop();
      steps.stop();
      for (const forget of forgets.splice(0)) forget();
      await Promise.all([intake?.stop(), runner.stop(), unended.stop()]);
      argocd.stop();
      await watch.stop();
      await access.stop();
      await revisions.stop();
      publisher.stop();
      board.stop();
      await lamps.stop();
      await freeze.stop();
      await stateDirectory.stop();
      await journal.close();
    },
  };
}
