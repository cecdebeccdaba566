// Announces agents, workers and applications to Home Assistant. It knows nothing but MQTT.
import type { Registry } from 'prom-client';
import type { Config } from '../config/sections.ts';
import { foreignFilter } from '../messages/foreign.ts';
import { birthCodec } from '../messages/home-assistant.ts';
import type { Clock } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import { createAnnouncer } from './announcer.ts';
import type { Application } from './application.ts';
import type { Known, Memory } from './memory.ts';
import { homeAssistantMetrics } from './metrics.ts';
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
 * Which applications are the first by name is known when all are. A worker that starts with thousands says them at a
 * bounded rate; until then those stay that were there, so that entities do not come and go. In milliseconds.
 */
const applicationsQuietMs = 2_000;
const applicationsFirstMaxMs = 10_000;
const applicationsMaxMs = 300_000;

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
  const withApplications = config.maxApplications > 0;
  let applications: ReadonlyMap<string, Application> | undefined = withApplications ? undefined : new Map();
  /** the retained announcements of this connection are on their way or here */
  let listening = false;
  let connections = 0;
  let compared = false;
  /** Home Assistant has started, and has not been told yet */
  let born = false;
  let said = '';
  let leftOutSaid = 0;
  let forgetState = () => {};

  const announcer = createAnnouncer({
    link,
    prefix,
    discoveryPrefix: config.discoveryPrefix,
    clock,
    log,
    known: options.known,
    memory: options.memory,
    onPublished: count.published,
  });

  const plan = () => {
    // A worker without its applications would have them taken away.
    if (!listening || applications === undefined) return;
    const { agents, workers } = world;
    const { devices, leftOut } = wanted({
      prefix,
      world: { agents, workers, applications },
      config,
      ownVersion: options.version,
    });
    announcer.want(devices);
    if (!compared) announcer.compareAll();
    compared = true;
    if (born) announcer.sayAll();
    born = false;
    const entities = [...devices.values()].reduce(
      (sum, { components }) => sum + Object.keys(components).length,
      0,
    );
    count.announced(devices.size, entities);
    const summary = `announced to Home Assistant: devices ${devices.size}, entities and triggers ${entities}`;
    if (summary !== said) log.info(summary);
    said = summary;
    check.ok(summary);
    if (leftOut > 0 && leftOut !== leftOutSaid)
      log.warn(
        { leftOut, max: config.maxApplications },
        `${leftOut} applications have no update entity in Home Assistant, since homeAssistant.maxApplications is ${config.maxApplications}: select fewer with homeAssistant.applications, or raise it`,
      );
    leftOutSaid = leftOut;
  };

  const settled = createSettle(clock, quietMs, plan);
  const applicationsSettled = createSettle(clock, applicationsQuietMs, () => {
    applications = new Map(world.applications);
    plan();
  });
  const applicationsChanged = () =>
    applicationsSettled.touch(applications === undefined ? applicationsFirstMaxMs : applicationsMaxMs);

  const world = createWorld({
    link,
    withApplications,
    onProcess: () => settled.touch(quietMaxMs),
    onApplication: applicationsChanged,
  });

  const listen = async () => {
    const connection = connections;
    await link.subscribed();
    if (connection !== connections) return;
    listening = true;
    settled.touch(quietMaxMs);
    if (applications === undefined) applicationsChanged();
  };

  return {
    start: () => {
      world.start();
      announcer.start();
      link.subscribe(foreignFilter(config.birthTopic, birthCodec), (message, { retained }) => {
        if (message !== 'online' || retained) return;
        log.info('Home Assistant has started: everything is announced again');
        // Before everything is known, it is told when it is.
        if (compared) announcer.sayAll();
        else born = true;
      });
      forgetState = link.onState(({ state, message }) => {
        connections += 1;
        listening = false;
        compared = false;
        announcer.forget();
        if (state === 'connected') {
          check.ok('listening to what agents and workers say that they are');
          void listen();
        } else check.bad(`nothing can be announced to Home Assistant: ${message}`);
      });
    },
    stop: () => {
      forgetState();
      settled.cancel();
      applicationsSettled.cancel();
      announcer.stop();
    },
  };
}
