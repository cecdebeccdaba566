// Announces agents, workers and applications to Home Assistant, over MQTT only.
import { EventEmitter } from 'node:events';
import type { Registry } from 'prom-client';
import type { Config } from '../config/sections.ts';
import { foreignFilter } from '../messages/foreign.ts';
import { birthCodec } from '../messages/home-assistant.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import type { Announced, AnnouncedFile } from './announced-file.ts';
import { createAnnouncer, goneAfterMs } from './announcer.ts';
import { createApplicationsByWorker } from './applications-by-worker.ts';
import { deviceId, ownerOf, type DeviceKind } from './names.ts';
import { createProcesses } from './processes.ts';
import { createQuietTimer } from './quiet-timer.ts';
import { createReport } from './report.ts';
import { wanted } from './wanted.ts';
import { applicationKey } from './worker-application.ts';

export interface HomeAssistant {
  start(): void;
  stop(): void;
}

/** A process that starts publishes several messages, which should become one announcement. In milliseconds. */
const quietMs = 500;
const quietMaxMs = 5_000;
/**
 * By then, the broker has sent its retained messages. If the broker retains nothing, the agents and workers that still run
 * have reconnected and published again. In milliseconds.
 */
const silentAfterMs = 5_000;

interface Events {
  /** The info or availability of an agent or worker has changed. */
  process: [kind: DeviceKind, id: string];
  /** An agent or worker was removed for good. */
  removed: [kind: DeviceKind, id: string];
  /** The applications of a worker are settled; `completed`: it has listed all of them for the first time. */
  settled: [worker: string, completed: boolean];
  /** The broker has accepted or refused an announcement. */
  outcome: [];
}

export function createHomeAssistant(options: {
  readonly config: Config['homeAssistant'];
  readonly link: Link;
  readonly prefix: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Registry;
  /** what was announced before */
  readonly announced: Announced;
  readonly file: Pick<AnnouncedFile, 'write'>;
}): HomeAssistant {
  const { config, link, prefix, clock, log } = options;
  const withApplications = config.maxApplications > 0;
  const events = new EventEmitter<Events>();
  const report = createReport(options);
  let running = false;
  let connections = 0;
  /** the broker has answered the subscriptions of this connection */
  let subscribed = false;
  /** what is wanted has been compared with what the broker has retained on this connection */
  let compared = false;
  /** an agent or worker that has not said by now whether it is online counts as silent */
  let silenceCounts = false;
  /** Home Assistant has started before the first comparison */
  let bornEarly = false;
  /** workers that were complete when Home Assistant started last on this connection. Undefined: it has not started */
  let completeAtBirth: Set<string> | undefined;
  /** devices that somebody removed for good before the broker had answered the subscriptions */
  const removedEarly = new Set<string>();
  const timers: Timer[] = [];
  let forgetState = () => {};

  const processes = createProcesses({
    link,
    onChange: (kind, id) => events.emit('process', kind, id),
    onRemoved: (kind, id) => events.emit('removed', kind, id),
  });
  const applications = createApplicationsByWorker({
    link,
    clock,
    withLabels: config.applications.some((select) => select.labels !== undefined),
    isOffline: (worker) => processes.availability('worker', worker) === 'offline',
    onSettled: (worker, completed) => events.emit('settled', worker, completed),
  });
  const hasListedAll = (device: string) => {
    const worker = ownerOf(prefix, 'worker', device);
    return !withApplications || worker === undefined || applications.wasComplete(worker);
  };
  const announcer = createAnnouncer({
    link,
    prefix,
    discoveryPrefix: config.discoveryPrefix,
    clock,
    log,
    announced: options.announced,
    file: options.file,
    isSpared: (device, key) => key.startsWith(applicationKey) && !hasListedAll(device),
    ownVersion: options.version,
    onPublished: report.published,
    onOutcome: () => events.emit('outcome'),
  });

  /** Only those that have been online, since an info alone may be years old. */
  const announceable = <Info>(kind: DeviceKind, infos: ReadonlyMap<string, Info>) =>
    [...infos].filter(
      ([id]) => processes.wasOnline(kind, id) || announcer.isAnnounced(deviceId(prefix, kind, id)),
    );

  const plan = () => {
    if (!subscribed) return;
    const workers = announceable('worker', processes.workers);
    if (withApplications) for (const [worker] of workers) applications.waitFor(worker);
    const plannedDevices = wanted({
      prefix,
      announceable: {
        agents: new Map(announceable('agent', processes.agents)),
        workers: new Map(
          workers.filter(([worker]) => !withApplications || applications.settled(worker) !== undefined),
        ),
        applications: (worker) => applications.settled(worker) ?? [],
        isSilent: (kind, id) => silenceCounts && processes.availability(kind, id) === undefined,
        isOnline: (worker) => processes.availability('worker', worker) === 'online',
      },
      config,
      ownVersion: options.version,
      packetMax: link.packetMax(),
    });
    report.planned(plannedDevices, link.packetMax());
    announcer.want(plannedDevices.devices);
    if (!compared) announcer.compareAll();
    compared = true;
    if (bornEarly) announcer.repeatAll();
    bornEarly = false;
    report.outcome(announcer.outcome());
  };
  const planSoon = createQuietTimer(clock, quietMs, plan);

  events.on('outcome', () => report.outcome(announcer.outcome()));
  events.on('process', (kind, id) => {
    if (!running) return;
    if (kind === 'worker') applications.availabilityChanged(id);
    planSoon.restart(quietMaxMs);
  });
  events.on('removed', (kind, id) => {
    if (!running) return;
    // The retained announcement may still be on its way.
    if (subscribed) announcer.remove(deviceId(prefix, kind, id));
    else removedEarly.add(deviceId(prefix, kind, id));
  });
  events.on('settled', (worker, completed) => {
    plan();
    if (!subscribed) return;
    const device = deviceId(prefix, 'worker', worker);
    // Entities that were spared until now are compared once more.
    if (completeAtBirth?.has(worker) === false) announcer.repeat(device);
    else if (completed) announcer.compare(device);
    if (completed) completeAtBirth?.add(worker);
  });

  const later = (ms: number, then: () => void) => {
    timers.push(clock.setTimeout(then, ms));
  };
  const forgetTimers = () => {
    for (const timer of timers.splice(0)) timer.cancel();
  };
  const whenSubscribed = async () => {
    const connection = connections;
    await link.subscribed();
    if (!running || connection !== connections) return;
    subscribed = true;
    for (const id of removedEarly) announcer.remove(id);
    removedEarly.clear();
    planSoon.restart(quietMaxMs);
    later(silentAfterMs, () => {
      silenceCounts = true;
      plan();
    });
    later(goneAfterMs, () => {
      processes.dropSilent((kind, id) => announcer.isKept(deviceId(prefix, kind, id)));
      plan();
    });
  };

  const bornNow = () => {
    log.debug('Home Assistant has started: everything is announced again');
    completeAtBirth = new Set([...processes.workers.keys()].filter(applications.wasComplete));
    if (compared) announcer.repeatAll();
    else bornEarly = true;
  };

  return {
    start: () => {
      running = true;
      processes.start();
      if (withApplications) applications.start();
      announcer.start();
      link.subscribe(foreignFilter(config.birthTopic, birthCodec), (message, { retained }) => {
        if (message === 'offline') announcer.homeAssistantStopped();
        if (message === 'online' && !retained) bornNow();
      });
      forgetState = link.onState(({ state, message }) => {
        connections += 1;
        subscribed = false;
        compared = false;
        silenceCounts = false;
        completeAtBirth = undefined;
        forgetTimers();
        announcer.connectionChanged();
        processes.connectionChanged();
        applications.connectionChanged();
        if (state === 'connected') {
          report.connected();
          void whenSubscribed();
        } else report.disconnected(message);
      });
    },
    stop: () => {
      running = false;
      forgetState();
      forgetTimers();
      planSoon.cancel();
      applications.stop();
      announcer.stop();
    },
  };
}
