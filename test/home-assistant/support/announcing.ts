// The Home Assistant part with a link that has no network, and a clock that is moved by hand.
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { createHomeAssistant } from '../../../home-assistant/service.ts';
import type { Announced } from '../../../home-assistant/announced-file.ts';
import { wanted } from '../../../home-assistant/wanted.ts';
import type { AgentInfo } from '../../../messages/agent.ts';
import { discoveryConfig, type Discovery } from '../../../messages/home-assistant.ts';
import type { WorkerInfo } from '../../../messages/worker.ts';
import { createHealth } from '../../../service/health.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeLink } from '../../release-worker/support/fake-link.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { announceableOf, applicationOf } from './installations.ts';

export const agentTopic = 'homeassistant/device/release-button_agent_main/config';
export const workerTopic = 'homeassistant/device/release-button_worker_main/config';
const config = {
  enabled: true,
  stateDir: './state',
  discoveryPrefix: 'homeassistant',
  birthTopic: 'homeassistant/status',
  applications: [{ all: true as const }],
  maxApplications: 50,
};

/** The record of what Home Assistant may know. */
export function announcedFrom(
  devices: readonly (readonly [string, ReadonlyMap<string, string>])[],
): Announced {
  return { devices: new Map(devices), removed: new Set() };
}

export function announcing(
  settings: Partial<typeof config> & { readonly install?: boolean } = {},
  before: Announced = announcedFrom([]),
) {
  const fake = createFakeLink();
  const clock = createFakeClock();
  fake.setState('connecting');
  const health = createHealth(clock);
  const service = createHomeAssistant({
    config: { ...config, ...settings },
    link: fake.link,
    prefix: 'release-button',
    version: '0.1.0',
    clock,
    log: silentLog(),
    health,
    metrics: new Registry(),
    announced: before,
    file: { write: () => {} },
  });
  service.start();
  onTestFinished(() => service.stop());
  const app = (name: string, buttons = ['main'], worker = 'main') => {
    fake.deliver(
      `worker/${worker}/app/argocd/${name}`,
      {
        ...applicationOf(name, { buttons }),
        sync: 'Synced',
        health: 'Healthy',
        automated: false,
        link: 'https://argocd.example',
      },
      { retained: true },
    );
  };
  /** Publishes the drift of a worker with so many applications. */
  const drift = (
    total: number,
    state: 'clear' | 'unknown' = 'clear',
    worker = 'main',
    fresh = state !== 'unknown',
  ) => {
    const at = '2026-01-01T08:30:00.000Z';
    const counts = { outOfSync: 0, total, unhealthy: 0, blocked: 0, unknown: 0 };
    const common = {
      apps: [],
      truncated: false,
      since: at,
      at,
      server: 'https://argocd.example',
      simulated: false,
      fresh,
    };
    fake.deliver(`worker/${worker}/drift`, { state, ...counts, ...common }, { retained: true });
  };
  const connect = async () => {
    fake.setState('connected');
    await fake.link.subscribed();
  };
  return {
    fake,
    clock,
    health,
    app,
    drift,
    stop: () => service.stop(),
    /** Connects, and lets the broker answer the subscriptions. `reconnect` does the same after a cut. */
    connect,
    reconnect: () => {
      fake.setState('connecting');
      return connect();
    },
    /** Publishes the info of an agent or worker that is online. */
    agent: (info: AgentInfo) => {
      fake.deliver(`agent/${info.agent}/info`, info, { retained: true });
      fake.deliver(`agent/${info.agent}/availability`, 'online', { retained: true });
    },
    worker: (info: WorkerInfo) => {
      fake.deliver(`worker/${info.worker}/info`, info, { retained: true });
      fake.deliver(`worker/${info.worker}/availability`, 'online', { retained: true });
    },
    /** Lets everything happen that follows the broker's acknowledgements. */
    acknowledged: async () => {
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    },
    /** the topics of the messages since the last call, in their order */
    publishedTopics: () => fake.published.splice(0).map(({ topic }) => topic),
    keys: (topic: string) => Object.keys(componentsOf(fake.retained(topic))),
  };
}

function componentsOf(message: unknown): Discovery['components'] {
  const decoded = discoveryConfig.codec.decode(Buffer.from(JSON.stringify(message)));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value.components;
}

export function announcedKeys(agent: AgentInfo): (readonly [string, string])[] {
  return Object.entries(announced(agent).components).map(([key, { platform }]) => [key, platform]);
}

/** The discovery message of this version. */
export function announced(agent: AgentInfo): Discovery {
  const device = wanted({
    prefix: 'release-button',
    announceable: announceableOf({ agents: [agent] }),
    config,
    ownVersion: '0.1.0',
    packetMax: 1_048_576,
  }).devices.get('release-button_agent_main');
  if (device === undefined) throw new Error('no device');
  return device;
}
