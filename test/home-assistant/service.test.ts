// The service against a link without a network and a clock that is moved by hand.
import { Registry } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHomeAssistant } from '../../home-assistant/service.ts';
import type { Known } from '../../home-assistant/memory.ts';
import { wanted } from '../../home-assistant/wanted.ts';
import type { AgentInfo } from '../../messages/agent.ts';
import { discoveryConfig } from '../../messages/home-assistant.ts';
import type { Discovery } from '../../messages/home-assistant.ts';
import type { WorkerInfo } from '../../messages/worker.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeLink } from '../release-worker/support/fake-link.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { agentOf, applicationOf, workerOf } from './support/installations.ts';

const agentTopic = 'homeassistant/device/release-button_agent_main/config';
const workerTopic = 'homeassistant/device/release-button_worker_main/config';
const config = {
  enabled: true,
  stateDir: './state',
  discoveryPrefix: 'homeassistant',
  birthTopic: 'homeassistant/status',
  applications: [{ all: true as const }],
  maxApplications: 50,
};

function announcing(settings: Partial<typeof config> = {}, known: Known = new Map()) {
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
    known,
    memory: { write: () => {} },
  });
  service.start();
  onTestFinished(() => service.stop());
  const app = (name: string, buttons = ['main']) => {
    fake.deliver(
      `app/argocd/${name}`,
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
  /** As the worker says it of this many applications. */
  const drift = (total: number, state: 'clear' | 'unknown' = 'clear') => {
    const at = '2026-01-01T08:30:00.000Z';
    const counts = { outOfSync: 0, total, unhealthy: 0, blocked: 0, unknown: 0 };
    const about = {
      apps: [],
      truncated: false,
      since: at,
      at,
      server: 'https://argocd.example',
      simulated: false,
    };
    fake.deliver('drift', { state, ...counts, ...about }, { retained: true });
  };
  return {
    fake,
    clock,
    health,
    app,
    drift,
    stop: () => service.stop(),
    /** Connected, and the broker has answered the subscriptions. */
    connect: async () => {
      fake.setState('connected');
      await fake.link.subscribed();
    },
    agent: (info: AgentInfo) => fake.deliver(`agent/${info.agent}/info`, info, { retained: true }),
    worker: (info: WorkerInfo) => fake.deliver(`worker/${info.worker}/info`, info, { retained: true }),
    /** what has been said since the last call, in order: topics */
    said: () => fake.published.splice(0).map(({ topic }) => topic),
    keys: (topic: string) => Object.keys(componentsOf(fake.retained(topic))),
  };
}

function componentsOf(message: unknown): Discovery['components'] {
  const decoded = discoveryConfig.codec.decode(Buffer.from(JSON.stringify(message)));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value.components;
}

function announcedKeys(agent: AgentInfo): (readonly [string, string])[] {
  return Object.entries(announced(agent).components).map(([key, { platform }]) => [key, platform]);
}

/** As this version would announce them. */
function announced(agent: AgentInfo): Discovery {
  const found = wanted({
    prefix: 'release-button',
    world: { agents: new Map([['main', agent]]), workers: new Map(), applications: new Map() },
    config,
    ownVersion: '0.1.0',
  }).devices.get('release-button_agent_main');
  if (found === undefined) throw new Error('no device');
  return found;
}

describe('announcements', () => {
  test('come once each when all is quiet, and not again for an info that says the same', async () => {
    const { connect, agent, worker, app, drift, said, clock } = announcing();
    await connect();
    agent(agentOf());
    worker(workerOf());
    drift(1);
    app('shop');
    expect(said()).toEqual([]);
    clock.advance(2_000);
    expect(said()).toEqual([agentTopic, workerTopic]);
    agent(agentOf({ at: '2026-01-01T09:00:00.000Z', instance: 'another' }));
    worker(workerOf({ at: '2026-01-01T09:00:00.000Z' }));
    app('shop');
    clock.advance(60_000);
    expect(said()).toEqual([]);
  });

  test('wait for a connection, and for what is retained there', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    agent(agentOf());
    clock.advance(60_000);
    expect(said()).toEqual([]);
    await connect();
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    clock.advance(60_000);
    expect(said()).toEqual([]);
  });

  test('of what is retained already are none', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    agent(agentOf());
    clock.advance(10_000);
    expect(said()).toEqual([]);
  });

  test('come again, once each, at every birth of Home Assistant', async () => {
    const { connect, agent, worker, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    worker(workerOf());
    clock.advance(5_000);
    expect(said()).toHaveLength(2);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(said()).toEqual([agentTopic, workerTopic]);
    // What lay there is no birth, and a death is none either.
    fake.deliver('homeassistant/status', 'online', { retained: true });
    fake.deliver('homeassistant/status', 'offline');
    clock.advance(20_000);
    expect(said()).toEqual([]);
  });

  test('come once more for a birth in the moment before they are known', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    agent(agentOf());
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(said()).toEqual([agentTopic]);
  });

  test('are of who publishes at the topic, whatever the message calls itself', async () => {
    const { connect, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    fake.deliver('agent/main/info', agentOf({ agent: 'other' }), { retained: true });
    clock.advance(5_000);
    expect(said()).toEqual([agentTopic]);
  });

  test('of one device are 2 s apart, since Home Assistant drops most of a second one while it sets up a new device', async () => {
    const { connect, agent, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(600);
    expect(said()).toEqual([agentTopic]);
    agent(agentOf({ leds: [] }));
    clock.advance(1_800);
    expect(said()).toEqual([]);
    clock.advance(200);
    expect(said()).toEqual([agentTopic]);
  });

  test('go where the configuration says', async () => {
    const { connect, agent, fake, said, clock } = announcing({
      maxApplications: 0,
      discoveryPrefix: 'ha/discovery',
      birthTopic: 'ha/birth',
    });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    expect(said()).toEqual(['ha/discovery/device/release-button_agent_main/config']);
    fake.deliver('ha/birth', 'online');
    clock.advance(5_000);
    expect(said()).toHaveLength(1);
  });
});

describe('what is gone', () => {
  test('a button that is not there any more is taken away, and the message after that is free of it', async () => {
    const { connect, agent, fake, said, keys, clock } = announcing({ maxApplications: 0 });
    const two = agentOf({
      buttons: [
        { id: 'main', gestures: ['press'], holdMs: 1000 },
        { id: 'shop', gestures: ['press'], holdMs: 1000 },
      ],
    });
    await connect();
    fake.deliver(agentTopic, announced(two), { retained: true });
    agent(agentOf());
    clock.advance(600);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject({ components: { event_shop: { platform: 'event' } } });
    clock.advance(5_000);
    expect(said()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));
  });

  test('a device is cleared when its info is, at once', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    said();
    fake.deliver('agent/main/info', '');
    clock.advance(2_000);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeUndefined();
  });

  test('a device of which nobody has said anything for minutes is cleared; those of others stay', async () => {
    const { connect, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    const foreign = { ...announced(agentOf()), origin: { name: 'zigbee2mqtt' } };
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    fake.deliver('homeassistant/device/other_agent_main/config', announced(agentOf()), { retained: true });
    fake.deliver('homeassistant/device/release-button_agent_theirs/config', foreign, { retained: true });
    fake.deliver('homeassistant/device/0x1234/config', '{"dev": {}, "o": {"name": "x"}}', { retained: true });
    clock.advance(120_000);
    expect(said()).toEqual([]);
    clock.advance(60_000);
    expect(said()).toEqual([agentTopic]);
  });

  // An embedded broker forgets all when it restarts, and the agent comes back a moment later.
  test('nothing is cleared when the broker has forgotten an info', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    said();
    fake.setState('connecting');
    await connect();
    clock.advance(300_000);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeDefined();
  });

  test('a device whose info was cleared while there was no connection is cleared, where the broker has kept the rest', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    agent(agentOf({ agent: 'office' }));
    clock.advance(5_000);
    fake.setState('connecting');
    await connect();
    agent(agentOf());
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    const office = 'homeassistant/device/release-button_agent_office/config';
    fake.deliver(office, fake.retained(office), { retained: true });
    said();
    clock.advance(120_000);
    expect(said()).toEqual([]);
    clock.advance(60_000);
    expect(said()).toEqual([office]);
    expect(fake.retained(office)).toBeUndefined();
  });

  test('a device that its user has deleted in Home Assistant stays away until there is something new', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    said();
    fake.deliver(agentTopic, '');
    agent(agentOf({ at: '2026-01-01T09:00:00.000Z' }));
    clock.advance(10_000);
    expect(said()).toEqual([]);
    agent(agentOf({ driver: 'gpiochip' }));
    clock.advance(10_000);
    expect(said()).toEqual([agentTopic]);
  });
});

// An embedded broker keeps nothing, and Home Assistant forgets only what it is told to.
describe('what was announced before the broker forgot it', () => {
  const before = (...keys: (readonly [string, string])[]): Known =>
    new Map([['release-button_agent_main', new Map([...announcedKeys(agentOf()), ...keys])]]);

  test('is taken away where it is not there any more, now and at the next birth', async () => {
    const known = before(['event_shop', 'event'], ['light_shop', 'light']);
    const { connect, agent, fake, said, keys, clock } = announcing({ maxApplications: 0 }, known);
    await connect();
    agent(agentOf());
    clock.advance(600);
    const farewell = { components: { event_shop: { platform: 'event' }, light_shop: { platform: 'light' } } };
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject(farewell);
    clock.advance(10_000);
    expect(said()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));

    // Home Assistant comes back to the broker only now.
    fake.deliver('homeassistant/status', 'online');
    clock.advance(1_000);
    expect(fake.retained(agentTopic)).toMatchObject(farewell);
    clock.advance(10_000);
    expect(said()).toEqual([agentTopic, agentTopic]);
    expect(known).toEqual(before());

    // From now on it is known to be gone.
    fake.deliver('homeassistant/status', 'online');
    clock.advance(10_000);
    expect(said()).toEqual([agentTopic]);
  });

  // An agent that is only switched off stays, unavailable.
  test('stays where nobody has said that its device is gone', async () => {
    const known: Known = new Map([['release-button_agent_old', new Map([['event_main', 'event']])]]);
    const { connect, fake, said, clock } = announcing({ maxApplications: 0 }, known);
    await connect();
    clock.advance(600_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(600_000);
    expect(said()).toEqual([]);
    expect(known.size).toBe(1);
  });

  test('is forgotten in the end, where no birth ever comes', async () => {
    const many = Array.from({ length: 600 }, (_, index) => [`event_${index}`, 'event'] as const);
    const known = before(...many);
    const { connect, agent, clock } = announcing({ maxApplications: 0 }, known);
    await connect();
    agent(agentOf());
    clock.advance(10_000);
    const left = [...(known.get('release-button_agent_main')?.keys() ?? [])];
    expect(left).toHaveLength(500 + announcedKeys(agentOf()).length);
    expect(left).toContain('event_599');
    expect(left).not.toContain('event_99');
    expect(left).toContain('event_main');
  });
});

describe('applications', () => {
  const appKeys = (keys: readonly string[]) => keys.filter((key) => key.startsWith('app_'));

  test('that a starting worker says one after the other, in any order, do not come and go', async () => {
    const { connect, worker, app, drift, said, keys, clock } = announcing({ maxApplications: 2 });
    await connect();
    worker(workerOf());
    drift(6);
    for (const name of ['z', 'y', 'x', 'c', 'b']) {
      app(name);
      clock.advance(2_000);
    }
    // The worker does not wait for them.
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual([]);
    app('a');
    clock.advance(10_000);
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_a', 'app_argocd_b']);
  });

  test('and its worker are announced in one message where all are known soon', async () => {
    const { connect, worker, app, drift, said, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    clock.advance(2_000);
    app('shop');
    drift(1);
    clock.advance(60_000);
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are those that were heard, where their number is never said', async () => {
    const { connect, worker, app, said, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    app('shop');
    clock.advance(60_000);
    expect(said()).toEqual([workerTopic]);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  // A restart of everything with an embedded broker, while Argo CD cannot be reached.
  test('are not taken away before they are known to be gone', async () => {
    const known: Known = new Map([
      [
        'release-button_worker_main',
        new Map([
          ['app_argocd_shop', 'update'],
          ['app_argocd_gone', 'update'],
          ['release_old', 'button'],
        ]),
      ],
    ]);
    const { connect, worker, app, drift, fake, said, keys, clock } = announcing({}, known);
    await connect();
    worker(workerOf());
    drift(0, 'unknown');
    clock.advance(60_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(60_000);
    const messages = said().length;
    expect(messages).toBeGreaterThan(0);
    const everything = JSON.stringify([...fake.published, fake.retained(workerTopic)]);
    expect(everything).not.toContain('app_argocd');
    expect(known.get('release-button_worker_main')?.has('app_argocd_gone')).toBe(true);
    expect(known.get('release-button_worker_main')?.has('release_old')).toBe(false);

    drift(1);
    app('shop');
    clock.advance(1_000);
    expect(fake.retained(workerTopic)).toMatchObject({
      components: { app_argocd_gone: { platform: 'update' }, app_argocd_shop: { name: 'shop' } },
    });
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('that went while there was no connection are taken away when all are known again', async () => {
    const { connect, worker, app, drift, fake, said, keys, clock } = announcing();
    await connect();
    worker(workerOf());
    drift(2);
    app('shop');
    app('till');
    clock.advance(10_000);
    fake.setState('connecting');
    await connect();
    worker(workerOf());
    app('shop');
    drift(1);
    said();
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual(['app_argocd_shop']);
  });

  test('are not even listened to where none is wanted', async () => {
    const { connect, worker, app, said, keys, clock } = announcing({ maxApplications: 0 });
    await connect();
    worker(workerOf());
    app('shop');
    clock.advance(600);
    expect(said()).toEqual([workerTopic]);
    clock.advance(10_000);
    expect(appKeys(keys(workerTopic))).toEqual([]);
  });
});

test('once stopped, it does nothing more, whatever still arrives', async () => {
  const { connect, agent, worker, app, drift, said, clock, stop } = announcing();
  await connect();
  agent(agentOf());
  stop();
  worker(workerOf());
  drift(1);
  app('shop');
  expect(clock.pendingTimers()).toBe(0);
  clock.advance(600_000);
  expect(said()).toEqual([]);
});

test('its health says what is announced, and what keeps it from it', async () => {
  const { connect, agent, fake, health, clock } = announcing({ maxApplications: 0 });
  const check = () => health.report().checks['home-assistant'];
  fake.setState('connecting');
  expect(check()).toMatchObject({ ok: false, message: expect.stringContaining('connecting') });
  await connect();
  agent(agentOf());
  clock.advance(1_000);
  expect(check()).toMatchObject({
    ok: true,
    message: 'announced to Home Assistant: devices 1, entities and triggers 5',
  });
});
