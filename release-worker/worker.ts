// The release worker: presses to releases, Argo CD to drift, wired together.
import type { Config } from '../config/sections.ts';
import { buttonResult } from '../messages/press.ts';
import type { ClockState } from '../messages/presence.ts';
import { releaseCurrent, releaseEvent, releaseLast } from '../messages/release.ts';
import { fromTime, toTime } from '../messages/time.ts';
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import { messageOf } from '../service/log.ts';
import type { ArgoCd } from './argocd/client.ts';
import { createAccess } from './drift/access.ts';
import { createBoard } from './drift/board.ts';
import { createPublisher } from './drift/publisher.ts';
import { createRegistry } from './drift/registry.ts';
import { createRevisions } from './drift/revisions.ts';
import { createWatch } from './drift/watch.ts';
import type { WorkerMetrics } from './metrics.ts';
import { createIntake } from './presses/intake.ts';
import { judge } from './presses/judge.ts';
import { createPressMemory, rememberIdsMax } from './presses/memory.ts';
import type { Journal } from './releases/journal.ts';
import { createRecovery } from './releases/recovery.ts';
import type { Recovered } from './releases/recovery.ts';
import { releaseMessage } from './releases/release.ts';
import { createRunner } from './releases/runner.ts';
import { selects } from './selection.ts';

export interface WorkerOptions {
  readonly config: Config['worker'];
  readonly link: Link;
  readonly argocd: ArgoCd;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: WorkerMetrics;
  readonly clockState: () => ClockState;
  readonly version: string;
  readonly host: string;
  readonly instance: string;
  /** base of links for people */
  readonly externalUrl: string;
  /** 0 to 1, for jitter */
  readonly random: () => number;
}

export interface Worker {
  /** @throws JournalError when the journal cannot be opened */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const infoEveryMs = 60_000;
/** Presses of a former run that are older than this wait for no answer any more. In milliseconds. */
const answerLateMs = 600_000;

export function createWorker(options: WorkerOptions): Worker {
  const { config, link, argocd, journal, clock, log, health, metrics, random } = options;
  const buttons = new Map(config.buttons.map((button) => [button.id, button]));
  const mayAct = () => link.state.state !== 'standby';

  const registry = createRegistry();
  const changed = (keys: Iterable<string>) => {
    publisher.changed(keys);
    board.changed();
  };
  const access = createAccess({ argocd, registry, clock, log, onChange: changed });
  const revisions = createRevisions({ argocd, clock, log, onChange: changed });
  const watch = createWatch({
    argocd,
    registry,
    clock,
    log,
    health,
    random,
    drift: config.drift,
    wanted: (app) => config.buttons.some((button) => selects(button.select, app)),
    onReconnect: () => metrics.streamReconnect(),
    onChange: () => {
      board.changed();
      publishInfo();
    },
  });
  const publisher = createPublisher({
    link,
    registry,
    clock,
    access,
    revisions,
    maxPublishesPerSecond: config.drift.maxPublishesPerSecond,
    externalUrl: options.externalUrl,
  });
  const runner = createRunner({
    argocd,
    registry,
    journal,
    clock,
    log,
    release: config.release,
    mayAct,
    onEvent: (event) => {
      link.publish(releaseEvent.at({}), event);
      board.changed();
    },
    onCurrent: (release) => link.publish(releaseCurrent.at({}), release ?? { state: 'idle' }),
    onFinished: (release, outcome) => {
      link.publish(releaseLast.at({}), release);
      metrics.release(release.button, outcome);
      board.finished(release.button, outcome);
    },
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
    releasing: (button) => runner.running(button),
    onState: ({ outOfSync, fresh }) => metrics.drift(outOfSync, fresh),
  });

  const others = new Map<string, ReadonlySet<string>>();
  const online = new Set<string>();
  let infoTimer: Timer | undefined;
  let infoSaid = '';
  let forget = () => {};
  let settled: (() => Promise<void>) | undefined;

  const info = () => ({
    worker: config.id,
    version: options.version,
    host: options.host,
    instance: options.instance,
    clock: { synchronised: options.clockState() },
    simulated: watch.server()?.simulated ?? false,
    argocd: {
      server: argocd.server,
      ...(watch.server() === undefined ? {} : { version: watch.server()?.version ?? '' }),
    },
    buttons: config.buttons.map(({ id, title, on, confirm }) => ({
      id,
      on,
      confirm,
      ...(title === undefined ? {} : { title }),
    })),
  });
  const publishInfo = (always = false) => {
    const text = JSON.stringify(info());
    if (!always && text === infoSaid) return;
    infoSaid = text;
    link.publish(workerInfo.at({ worker: config.id }), { ...info(), at: toTime(clock.now()) });
  };
  const infoEveryMinute = () => {
    publishInfo(true);
    infoTimer = clock.setTimeout(infoEveryMinute, infoEveryMs);
  };

  /** Several workers may share a prefix, each with its own buttons: a button of another one is not unknown. */
  const listenToOthers = () => {
    link.subscribe(workerInfo.filter(), (message, { params }) => {
      if (params.worker === config.id) return;
      if (message === undefined) others.delete(params.worker);
      else others.set(params.worker, new Set(message.buttons.map((button) => button.id)));
    });
    link.subscribe(workerAvailability.filter(), (message, { params }) => {
      if (message === 'online') online.add(params.worker);
      else online.delete(params.worker);
    });
  };
  const isOthers = (button: string) =>
    !buttons.has(button) && [...others].some(([worker, theirs]) => online.has(worker) && theirs.has(button));

  const answerOld = (recovered: Recovered) => {
    for (const line of recovered.unanswered) {
      if (clock.now() - fromTime(line.at) > answerLateMs) continue;
      const { pressId, button, outcome, message, reason, at, release } = line;
      void link
        .publishAcknowledged(
          buttonResult.at({ button }),
          {
            pressId,
            button,
            outcome,
            message,
            at,
            ...(reason === undefined ? {} : { reason }),
            ...(release === undefined ? {} : { releaseId: release.id, applications: release.apps.length }),
          },
          answerLateMs,
        )
        .then(() => journal.append({ type: 'answered', at: toTime(clock.now()), pressId }, { flush: false }))
        .catch((error: unknown) => log.error(messageOf(error)));
    }
  };

  return {
    start: async () => {
      const recovery = createRecovery(rememberIdsMax);
      await journal.open(recovery.add);
      const recovered = recovery.result();

      listenToOthers();
      forget = registry.onChange(changed);
      publisher.start();
      board.start();
      link.publish(releaseCurrent.at({}), { state: 'idle' });
      if (recovered.last !== undefined) {
        const { release, fates, outcome, at } = recovered.last;
        const progress = new Map(
          [...fates].map(([key, { end }]) => [
            key,
            {
              phase: 'done' as const,
              ...(end === undefined ? {} : { outcome: end.outcome, message: end.message }),
            },
          ]),
        );
        link.publish(releaseLast.at({}), releaseMessage(release, progress, { at, outcome }));
      }
      infoEveryMinute();
      answerOld(recovered);
      for (const unfinished of recovered.unfinished) runner.resume(unfinished);
      access.start();
      watch.start();
      void watch.firstList.then(() => {
        publisher.complete();
        for (const { id, select } of config.buttons) {
          const selected = [...registry.all()].filter((app) => selects(select, app)).length;
          log.info(
            { button: id, selected, server: argocd.server },
            `button ${id} releases ${selected} applications of Argo CD at ${argocd.server}`,
          );
        }
      });

      const intake = createIntake({
        link,
        journal,
        clock,
        log,
        worker: config,
        buttons,
        isOthers,
        mayAct,
        memory: createPressMemory({ clock, ...recovered }),
        judge: (button, only) =>
          judge(
            {
              argocd,
              registry,
              watch,
              access,
              clock,
              refreshOnPressMax: config.refreshOnPressMax,
              isBusy: runner.isBusy,
              show: publisher.show,
            },
            button,
            only,
          ),
        release: (release) => {
          board.accepted(release.button);
          runner.run(release);
        },
        count: (button, outcome) => metrics.press(buttons.has(button) ? button : 'unknown', outcome),
      });
      settled = intake.settled;
      intake.start();
    },
    stop: async () => {
      infoTimer?.cancel();
      forget();
      await settled?.();
      await runner.stop();
      argocd.stop();
      await watch.stop();
      await access.stop();
      await revisions.stop();
      publisher.stop();
      board.stop();
      await journal.close();
    },
  };
}
