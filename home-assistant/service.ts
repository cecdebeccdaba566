// Announces agents, workers and applications to Home Assistant. It knows nothing but MQTT.
import { EventEmitter } from 'node:events';
import type { Registry } from 'prom-client';
import type { Config } from '../config/sections.ts';
import { foreignFilter } from '../messages/foreign.ts';
import { birthCodec } from '../messages/home-assistant.ts';
import type { Discovery } from '../messages/home-assistant.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import { createAnnouncer, goneAfterMs } from './announcer.ts';
import { applicationKey } from './application.ts';
import type { Application } from './application.ts';
import type { Known, Memory } from './memory.ts';
import { homeAssistantMetrics } from './metrics.ts';
import { deviceId } from './names.ts';
import type { DeviceKind } from './names.ts';
import { createSettle } from './settle.ts';
import { wanted } from './wanted.ts';
import { createWorld } from './world.ts';

export interface HomeAssistant {
  start(): void;
  stop(): void;
}

/** Processes say what they are in several messages when they start. In milliseconds. */
const quietMs = 500;
const quietMaxMs = 5_000;
/**
 * Which applications are the first by name is known when all are, which the drift tells. A worker that starts with
 * thousands says them at a bounded rate; until then those stay that were there, so that entities do not come and go. Where
 * all are never heard (two workers overwrite each other's drift), those that are there after a longer silence count.
 * In milliseconds.
 */
const applicationsQuietMs = 15_000;
const applicationsMaxMs = 300_000;
/** A worker is not announced before its applications, so that it is one message, but it must not wait for Argo CD. */
const withoutApplicationsMs = 5_000;
/** A broker has said in this time what it has kept, and whoever lives is back at one that has kept nothing. */
const silentAfterMs = 5_000;

interface Events {
  /** What an agent or a worker says of itself has changed. */
  process: [];
  /** It will not come back. */
  gone: [kind: DeviceKind, id: string];
  application: [];
  /** The broker has taken or refused an announcement. */
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
  /** what Home Assistant may know from before */
  readonly known: Known;
  readonly memory: Pick<Memory, 'write'>;
}): HomeAssistant {
  const { config, link, prefix, clock, log } = options;
  const check = options.health.check('home-assistant', 'degraded');
  const count = homeAssistantMetrics(options.metrics);
  const events = new EventEmitter<Events>();
  const withApplications = config.maxApplications > 0;
  let applications: ReadonlyMap<string, Application> | undefined = withApplications ? undefined : new Map();
  /** the retained announcements of this connection are on their way or here */
  let listening = false;
  /** devices that were said to be gone for good before that */
  const goneEarly = new Set<string>();
  let connections = 0;
  let compared = false;
  /** Home Assistant has started, and has not been told yet */
  let born = false;
  /** all applications have been heard once; before that none is taken away because it is not there */
  let complete = !withApplications;
  /** Home Assistant has started before that */
  let bornBefore = false;
  /** who has not said by now whether it is there, is not */
  let silenceCounts = false;
  let running = false;
  const timers: Timer[] = [];
  let said = '';
  let leftOutSaid = 0;
  /** what there is no room for, in words */
  let crowded: string | undefined;
  let crowdedSaid: string | undefined;
  let planned: ReadonlyMap<string, Discovery> = new Map();
  let forgetState = () => {};

  const world = createWorld({
    link,
    withApplications,
    withLabels: config.applications.some((select) => select.labels !== undefined),
    onProcess: () => events.emit('process'),
    onGone: (kind, id) => events.emit('gone', kind, id),
    onApplication: () => events.emit('application'),
  });
  const announcer = createAnnouncer({
    link,
    prefix,
    discoveryPrefix: config.discoveryPrefix,
    clock,
    log,
    known: options.known,
    memory: options.memory,
    isSpared: (key) => !complete && key.startsWith(applicationKey),
    ownVersion: options.version,
    onPublished: count.published,
    onOutcome: () => events.emit('outcome'),
  });

  /** An info alone may be a stale one: of what is new, somebody has to have been there. */
  const announceable = <Info>(kind: DeviceKind, infos: ReadonlyMap<string, Info>) =>
    new Map(
      [...infos].filter(([id]) => world.wasOnline(kind, id) || announcer.isKnown(deviceId(prefix, kind, id))),
    );

  const report = () => {
    const { taken, refused } = announcer.outcome();
    const there = [...planned].filter(([id]) => taken.has(id));
    const entities = there.reduce((sum, [, { components }]) => sum + Object.keys(components).length, 0);
    count.announced(there.length, entities);
    const summary = `announced to Home Assistant: devices ${there.length}, entities and triggers ${entities}`;
    const faults = [...planned.keys()].filter((id) => refused.has(id));
    const problems = [
      ...(faults.length > 0 ? [`the broker refuses ${faults.join(', ')}`] : []),
      ...(crowded === undefined ? [] : [crowded]),
    ];
    if (problems.length > 0) check.bad([...problems, summary].join('; '));
    else check.ok(summary);
    if (faults.length > 0) return;
    if (there.length === planned.size && summary !== said) {
      log.info(summary);
      said = summary;
    }
  };

  events.on('outcome', report);

  const plan = () => {
    if (!listening || applications === undefined) return;
    const { devices, leftOut, noRoom } = wanted({
      prefix,
      world: {
        agents: announceable('agent', world.agents),
        workers: announceable('worker', world.workers),
        applications,
        isSilent: (kind, id) => silenceCounts && world.isSilent(kind, id),
      },
      config,
      ownVersion: options.version,
      packetMax: link.packetMax(),
    });
    crowded =
      noRoom === 0
        ? undefined
        : `${noRoom} applications have no update entity in Home Assistant, since the broker takes messages of ${link.packetMax()} bytes at most: select fewer with homeAssistant.applications, or let the broker take larger ones (of the embedded one: broker.maximumPacketBytes)`;
    if (crowded !== undefined && crowded !== crowdedSaid) log.warn(crowded);
    crowdedSaid = crowded;
    announcer.want(devices);
    if (!compared) announcer.compareAll();
    compared = true;
    if (born) announcer.sayAll();
    born = false;
    planned = devices;
    report();
    if (leftOut > 0 && leftOut !== leftOutSaid)
      log.warn(
        { leftOut, max: config.maxApplications },
        `${leftOut} applications have no update entity in Home Assistant, since homeAssistant.maxApplications is ${config.maxApplications}: select fewer with homeAssistant.applications, or raise it`,
      );
    leftOutSaid = leftOut;
  };

  const settled = createSettle(clock, quietMs, plan);
  const takeApplications = () => {
    if (world.isComplete()) {
      world.dropSilentApplications();
      // What was spared until now has to be looked at once more.
      if (!complete) {
        compared = false;
        born ||= bornBefore;
        bornBefore = false;
      }
      complete = true;
    }
    applications = new Map(world.applications);
    plan();
  };
  const allSettled = createSettle(clock, quietMs, () => {
    if (world.isComplete()) takeApplications();
  });
  const silenceSettled = createSettle(clock, applicationsQuietMs, takeApplications);
  const applicationsChanged = () => {
    if (!running) return;
    allSettled.touch(quietMaxMs);
    silenceSettled.touch(applicationsMaxMs);
  };

  events.on('application', applicationsChanged);
  events.on('process', () => {
    if (running) settled.touch(quietMaxMs);
  });
  events.on('gone', (kind, id) => {
    if (!running) return;
    // What is retained of it may still be on its way.
    if (listening) announcer.takeAway(deviceId(prefix, kind, id));
    else goneEarly.add(deviceId(prefix, kind, id));
  });

  const waitFor = (ms: number, then: () => void) => {
    timers.push(clock.setTimeout(then, ms));
  };
  const listen = async () => {
    const connection = connections;
    await link.subscribed();
    if (!running || connection !== connections) return;
    listening = true;
    for (const id of goneEarly) announcer.takeAway(id);
    goneEarly.clear();
    settled.touch(quietMaxMs);
    applicationsChanged();
    waitFor(withoutApplicationsMs, () => {
      applications ??= world.isWaiting() ? new Map() : new Map(world.applications);
      plan();
    });
    waitFor(silentAfterMs, () => {
      silenceCounts = true;
      plan();
    });
    waitFor(goneAfterMs, () => {
      world.dropSilent((kind, id) => announcer.hasKept(deviceId(prefix, kind, id)));
      plan();
    });
  };
  const forgetTimers = () => {
    for (const timer of timers.splice(0)) timer.cancel();
  };

  return {
    start: () => {
      running = true;
      world.start();
      announcer.start();
      link.subscribe(foreignFilter(config.birthTopic, birthCodec), (message, { retained }) => {
        if (message === 'offline') announcer.homeGone();
        if (message !== 'online' || retained) return;
        log.debug('Home Assistant has started: everything is announced again');
        if (!complete) bornBefore = true;
        // Before everything is known, it is told when it is.
        if (compared) announcer.sayAll();
        else born = true;
      });
      forgetState = link.onState(({ state, message }) => {
        connections += 1;
        listening = false;
        compared = false;
        silenceCounts = false;
        bornBefore = false;
        forgetTimers();
        announcer.forget();
        world.connected();
        if (state === 'connected') {
          check.ok('listening to what agents and workers say that they are');
          void listen();
        } else check.bad(`nothing can be announced to Home Assistant: ${message}`);
      });
    },
    stop: () => {
      running = false;
      forgetState();
      forgetTimers();
      for (const settle of [settled, allSettled, silenceSettled]) settle.cancel();
      announcer.stop();
    },
  };
}
