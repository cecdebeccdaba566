// Reports in health, log and metrics what is announced to Home Assistant, and what is not.
import type { Registry } from 'prom-client';
import type { Config } from '../config/sections.ts';
import type { Health } from '../service/health.ts';
import type { Log } from '../service/log.ts';
import type { Announcer } from './announcer.ts';
import { homeAssistantMetrics } from './metrics.ts';
import type { Wanted } from './wanted.ts';

export interface Report {
  connected(): void;
  disconnected(message: string): void;
  /** @param packetMax bytes of the largest message that the broker takes */
  planned(wanted: Wanted, packetMax: number): void;
  /** The broker has accepted or refused an announcement. */
  outcome(outcome: ReturnType<Announcer['outcome']>): void;
  published(): void;
}

export function createReport(options: {
  readonly config: Pick<Config['homeAssistant'], 'maxApplications'>;
  readonly health: Health;
  readonly log: Log;
  readonly metrics: Registry;
}): Report {
  const { config, log } = options;
  const check = options.health.check('home-assistant', 'degraded');
  const metrics = homeAssistantMetrics(options.metrics);
  let devices: Wanted['devices'] = new Map();
  /** the warning that some applications do not fit into a message */
  let noRoom: string | undefined;
  const logged: { summary?: string; noRoom?: string | undefined; leftOut: number } = { leftOut: 0 };

  return {
    connected: () => check.ok('connected; waiting for the info of agents and workers'),
    disconnected: (message) => check.bad(`nothing can be announced to Home Assistant: ${message}`),
    planned: (wanted, packetMax) => {
      devices = wanted.devices;
      noRoom =
        wanted.noRoom === 0
          ? undefined
          : `${wanted.noRoom} applications have no update entity in Home Assistant, because the broker accepts messages of at most ${packetMax} bytes: select fewer with homeAssistant.applications, or let the broker accept larger messages (embedded broker: broker.maximumPacketBytes)`;
      if (noRoom !== undefined && noRoom !== logged.noRoom) log.warn(noRoom);
      logged.noRoom = noRoom;
      const { leftOut } = wanted;
      if (leftOut > 0 && leftOut !== logged.leftOut)
        log.warn(
          { leftOut, max: config.maxApplications },
          `${leftOut} applications have no update entity in Home Assistant, because homeAssistant.maxApplications allows ${config.maxApplications} for each worker: select fewer with homeAssistant.applications, or raise it`,
        );
      logged.leftOut = leftOut;
    },
    outcome: ({ accepted, refused }) => {
      const present = [...devices].filter(([id]) => accepted.has(id));
      const entities = present.reduce((sum, [, { components }]) => sum + Object.keys(components).length, 0);
      metrics.announced(present.length, entities);
      const summary = `announced to Home Assistant: devices ${present.length}, entities and triggers ${entities}`;
      const refusals = [...devices.keys()].filter((id) => refused.has(id));
      const problems = [
        ...(refusals.length > 0 ? [`the broker refuses ${refusals.join(', ')}`] : []),
        ...(noRoom === undefined ? [] : [noRoom]),
      ];
      if (problems.length > 0) check.bad([...problems, summary].join('; '));
      else check.ok(summary);
      if (refusals.length > 0 || present.length < devices.size || summary === logged.summary) return;
      log.info(summary);
      logged.summary = summary;
    },
    published: () => metrics.published(),
  };
}
