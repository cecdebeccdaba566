// The release worker: turns presses into releases and Argo CD's state into drift. It builds each part from the parts above
// it. A part reports to the parts below it through `events`.
import { EventEmitter } from 'node:events';
import { selects } from '../config/selects.ts';
import { toTime } from '../messages/time.ts';
import { createPauseWatch } from '../service/pause.ts';
import { observed } from './argocd/observed.ts';
import { untilTakeoverKnown } from './takeover-check.ts';
import { createAccess } from './drift/access.ts';
import { createSignalPublisher } from './drift/signal-publisher.ts';
import { createAppPublisher } from './drift/app-publisher.ts';
import { createRegistry } from './drift/registry.ts';
import { createRevisions } from './drift/revisions.ts';
import { createArgoCdWatch } from './drift/create-argocd-watch.ts';
import { createFreeze } from './freeze/freeze.ts';
import { createInfo } from './info.ts';
import { createLamps } from './lamps.ts';
import { workerMetrics } from './metrics.ts';
import type { WorkerOptions } from './options.ts';
import { createClaims } from './claims.ts';
import { createPressHistory, rememberIdsMax } from './presses/press-history.ts';
import { createPresses } from './presses/presses.ts';
import type { JournalLine } from './releases/journal-lines.ts';
import { noteForLater } from './releases/note-for-later.ts';
import { createRecovery } from './releases/recovery.ts';
import { createReleases } from './releases/releases.ts';
import { createRunningReleases } from './releases/running.ts';
import { takeTerminations } from './releases/terminate.ts';
import { createLeftoverSyncs, type LateEnd } from './releases/leftover-syncs.ts';
import { createReplies } from './replies.ts';
import { logSelections } from './buttons.ts';
import { createStateDirectory } from './state-directory.ts';

export interface Worker {
  /** @throws JournalError when the journal cannot be opened */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Events {
  /** Another worker has appeared or gone, or its buttons have changed. */
  claims: [];
  /** Something has changed that the topics of these applications or the lights of their buttons show. */
  applications: [keys: Iterable<string>];
  /** Argo CD itself has changed: its reachability or its version. */
  argocd: [];
  'stream-reconnect': [];
  'state-directory': [];
  freeze: [];
  'late-end': [end: LateEnd];
}

export function createWorker(options: WorkerOptions): Worker {
  const { config, link, clock, log, health, random } = options;
  const events = new EventEmitter<Events>();
  const buttons = config.buttons.map(({ id }) => id);
  const mayAct = () => link.state.state !== 'standby';
  const pause = createPauseWatch({ clock, thresholdMs: config.maxPressAgeMs });

  const stateDirectory = createStateDirectory({
    stateDir: config.stateDir,
    clock,
    log,
    health,
    onChange: () => events.emit('state-directory'),
  });
  const journal = stateDirectory.watchJournal(options.journal);
  const note = (line: JournalLine) => void noteForLater(journal, log, line);

  const claims = createClaims({
    link,
    worker: config.id,
    buttons,
    clock,
    health,
    log,
    onChange: () => events.emit('claims'),
  });

  // What is known about Argo CD.
  const registry = createRegistry((app) => config.buttons.some(({ select }) => selects(select, app)));
  const watch = createArgoCdWatch({
    argocd: options.argocd,
    registry,
    clock,
    log,
    health,
    random,
    drift: config.drift,
    onReconnect: () => events.emit('stream-reconnect'),
    onChange: () => events.emit('argocd'),
  });
  const argocd = observed(options.argocd, {
    onAnswer: watch.answered,
    onFailure: watch.failed,
    away: watch.away,
  });
  const changed = (keys: Iterable<string>) => void events.emit('applications', keys);
  const access = createAccess({ argocd, registry, clock, log, onChange: changed });
  const revisions = createRevisions({ argocd, registry, clock, log, onChange: changed });
  const appPublisher = createAppPublisher({
    link,
    worker: config.id,
    registry,
    clock,
    log,
    access,
    revisions,
    buttons: config.buttons,
    maxPublishesPerSecond: config.drift.maxPublishesPerSecond,
    externalUrl: options.externalUrl,
  });
  events.on('applications', appPublisher.changed);
  const info = createInfo({ ...options, server: watch.server });
  events.on('argocd', info.changed);

  // Our running syncs in Argo CD, and what blocks further ones.
  const running = createRunningReleases(registry);
  const leftoverSyncs = createLeftoverSyncs({
    argocd,
    registry,
    running,
    journal,
    clock,
    log,
    release: config.release,
    onLate: (end) => events.emit('late-end', end),
  });
  const replies = createReplies(link, options.topicPrefix, config.id);
  const goesOn = (button?: string) => [...running.inWords(button), ...leftoverSyncs.inWords(button)];
  const freeze = createFreeze({
    link,
    clock,
    log,
    file: stateDirectory.watchFreezeFile(options.freezeFile),
    journal,
    replies,
    worker: config.id,
    buttons,
    claims,
    onChange: () => events.emit('freeze'),
    health: health.check('freeze', 'degraded'),
    goesOn,
  });

  // Topics, lights and metrics.
  const metrics = workerMetrics({
    registry: options.metrics,
    clock,
    worker: config.id,
    buttons,
    now: {
      releasing: running.count,
      heardAt: watch.heardAt,
      isFresh: () => clock.monotonic() < watch.freshUntil(),
      isStreaming: watch.streaming,
    },
  });
  events.on('stream-reconnect', metrics.streamReconnect);
  const lamps = createLamps({ lights: config.lights, link, clock, log });
  const signalPublisher = createSignalPublisher({
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
    releasing: running.count,
    freeze,
    claims,
    unwritable: stateDirectory.problem,
    onOver: ({ releaseId }) => note({ type: 'over', at: toTime(clock.now()), releaseId }),
    onLost: (changes) => note({ type: 'compared', at: toTime(clock.now()), ...changes }),
    onShown: (shown) => {
      metrics.shown(shown);
      lamps.show(shown.button, shown.signal);
    },
  });
  events.on('applications', signalPublisher.changed);
  for (const event of ['argocd', 'claims', 'freeze', 'state-directory'] as const)
    events.on(event, () => signalPublisher.changed());

  // Presses and releases.
  const history = createPressHistory(clock);
  const releases = createReleases({
    config,
    link,
    clock,
    log,
    journal,
    argocd,
    registry,
    access,
    signalPublisher,
    freeze,
    metrics,
    running,
    leftoverSyncs,
    mayAct,
    whenTakeoverKnown: () => untilTakeoverKnown({ link, clock }),
    heldSince: pause.heldSince,
    onForeignPress: history.note,
  });
  events.on('late-end', releases.endedLate);
  const presses = createPresses({
    config,
    link,
    clock,
    clockState: options.clockState,
    log,
    journal,
    stateDirectory,
    argocd,
    registry,
    watch,
    access,
    appPublisher,
    signalPublisher,
    freeze,
    metrics,
    history,
    running,
    leftoverSyncs,
    releases,
    claims,
    mayAct,
    heldMs: pause.heldMs,
  });

  const forgets: (() => void)[] = [];
  return {
    start: async () => {
      const recovery = createRecovery(rememberIdsMax);
      await journal.open(recovery.add);
      const recovered = recovery.result();
      await stateDirectory.start();

      pause.start();
      claims.start();
      await freeze.start();
      takeTerminations({ link, worker: config.id, running, leftoverSyncs, replies, log, goesOn });
      forgets.push(registry.onChange(changed));
      appPublisher.start();
      lamps.start();
      signalPublisher.start();
      info.start();
      for (const [key, at] of recovered.lost) signalPublisher.remember(key, at);
      releases.start(recovered);
      access.start();
      watch.start();
      void watch.firstList.then(() => {
        appPublisher.complete();
        logSelections({ buttons: config.buttons, registry, server: argocd.server, log });
      });
      presses.start(recovered);
    },
    stop: async () => {
      info.stop();
      pause.stop();
      claims.stop();
      for (const forget of forgets.splice(0)) forget();
      await Promise.all([presses.stop(), releases.stop()]);
      argocd.stop();
      await watch.stop();
      await access.stop();
      await revisions.stop();
      appPublisher.stop();
      signalPublisher.stop();
      await lamps.stop();
      await freeze.stop();
      await stateDirectory.stop();
      await journal.close();
    },
  };
}
