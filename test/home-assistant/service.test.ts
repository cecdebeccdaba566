// When what is announced, and when not.
import { describe, expect, test } from 'vitest';
import { agentTopic, announced, announcing, workerTopic } from './support/announcing.ts';
import { agentOf, workerOf } from './support/installations.ts';

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
    fake.deliver('agent/main/availability', 'offline', { retained: true });
    clock.advance(60_000);
    expect(said()).toEqual([]);
  });

  // As one of the year before, that came back with other buttons a moment later: the first ones would stay for ever.
  test('are not made of an info whose process has never been online', async () => {
    const { connect, agent, fake, said, keys, clock } = announcing({ maxApplications: 0 });
    await connect();
    const buttons = [{ id: 'old', gestures: ['press' as const], holdMs: 1000 }];
    fake.deliver('agent/main/info', agentOf({ buttons }), { retained: true });
    fake.deliver('agent/main/availability', 'offline', { retained: true });
    clock.advance(60_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(60_000);
    expect(said()).toEqual([]);
    agent(agentOf());
    clock.advance(60_000);
    expect(said()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));
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
    fake.deliver('agent/main/availability', 'online', { retained: true });
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

test('what the broker refuses is not counted as announced, and is said again at the next birth', async () => {
  const { connect, agent, fake, health, said, clock, acknowledged } = announcing({ maxApplications: 0 });
  const check = () => health.report().checks['home-assistant'];
  await connect();
  fake.takesStates = 'refused';
  agent(agentOf());
  clock.advance(1_000);
  await acknowledged();
  expect(check()).toMatchObject({
    ok: false,
    message:
      'the broker refuses release-button_agent_main; announced to Home Assistant: devices 0, entities and triggers 0',
  });
  fake.takesStates = 'acknowledged';
  fake.deliver('homeassistant/status', 'online');
  clock.advance(5_000);
  await acknowledged();
  expect(said()).toEqual([agentTopic]);
  expect(check()).toMatchObject({ ok: true, message: expect.stringContaining('devices 1,') });
});

test('what the broker refuses is not said again and again', async () => {
  const { connect, agent, fake, clock, acknowledged } = announcing({ maxApplications: 0 });
  await connect();
  fake.takesStates = 'refused';
  agent(agentOf());
  const tries = async () => {
    const before = fake.refusedStates;
    for (let second = 0; second < 30; second += 1) {
      clock.advance(1_000);
      await acknowledged();
    }
    return fake.refusedStates - before;
  };
  expect(await tries()).toBe(1);
  expect(await tries()).toBe(0);
  agent(agentOf({ title: 'Another' }));
  expect(await tries()).toBe(1);
});

test('what there is no room for at the broker is said in its health', async () => {
  const { connect, worker, app, drift, fake, health, keys, clock, acknowledged } = announcing();
  fake.packetMax = 32_768;
  await connect();
  worker(workerOf());
  drift(40);
  for (let index = 0; index < 40; index += 1) app(`shop-${index}`);
  clock.advance(2_000);
  await acknowledged();
  const there = keys(workerTopic).filter((key) => key.startsWith('app_')).length;
  expect(there).toBeGreaterThan(0);
  expect(health.report().checks['home-assistant']).toMatchObject({
    ok: false,
    message: expect.stringMatching(
      new RegExp(
        `^${40 - there} applications have no update entity .* at most 32768 bytes: .*; announced .* devices 1,`,
      ),
    ),
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
  const { connect, agent, fake, health, clock, acknowledged } = announcing({ maxApplications: 0 });
  const check = () => health.report().checks['home-assistant'];
  fake.setState('connecting');
  expect(check()).toMatchObject({ ok: false, message: expect.stringContaining('connecting') });
  await connect();
  agent(agentOf());
  clock.advance(1_000);
  await acknowledged();
  expect(check()).toMatchObject({
    ok: true,
    message: 'announced to Home Assistant: devices 1, entities and triggers 5',
  });
});
