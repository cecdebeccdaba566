// When devices are announced, and when they are not.
import { describe, expect, test } from 'vitest';
import { agentTopic, announced, announcing, workerTopic } from './support/announcing.ts';
import { agentOf, workerOf } from './support/installations.ts';

describe('an announcement', () => {
  test('is sent once for each device when all is quiet, and not again for an info with the same content', async () => {
    const { connect, agent, worker, app, drift, publishedTopics, clock } = announcing();
    await connect();
    agent(agentOf());
    worker(workerOf());
    drift(1);
    app('shop');
    expect(publishedTopics()).toEqual([]);
    clock.advance(2_000);
    expect(publishedTopics()).toEqual([agentTopic, workerTopic]);
    agent(agentOf({ at: '2026-01-01T09:00:00.000Z', instance: 'another' }));
    worker(workerOf({ at: '2026-01-01T09:00:00.000Z' }));
    app('shop');
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([]);
  });

  test('waits for a connection, and for the retained messages', async () => {
    const { connect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    agent(agentOf());
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([]);
    await connect();
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    fake.deliver('agent/main/availability', 'offline', { retained: true });
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([]);
  });

  // Such an info may be a year old, and the agent returns with other buttons a moment later. The old buttons would stay
  // forever.
  test('is not made from an info whose process has never been online', async () => {
    const { connect, agent, fake, publishedTopics, keys, clock } = announcing({ maxApplications: 0 });
    await connect();
    const buttons = [{ id: 'old', gestures: ['press' as const], holdMs: 1000 }];
    fake.deliver('agent/main/info', agentOf({ buttons }), { retained: true });
    fake.deliver('agent/main/availability', 'offline', { retained: true });
    clock.advance(60_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([]);
    agent(agentOf());
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));
  });

  test('is not sent if the same is already retained', async () => {
    const { connect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    agent(agentOf());
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([]);
  });

  test('is sent again once for each device at every birth of Home Assistant', async () => {
    const { connect, agent, worker, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    worker(workerOf());
    clock.advance(5_000);
    expect(publishedTopics()).toHaveLength(2);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(publishedTopics()).toEqual([agentTopic, workerTopic]);
    // A retained message is not a birth, and "offline" is not a birth either.
    fake.deliver('homeassistant/status', 'online', { retained: true });
    fake.deliver('homeassistant/status', 'offline');
    clock.advance(20_000);
    expect(publishedTopics()).toEqual([]);
  });

  test('is sent again for a birth that comes just before the device is known', async () => {
    const { connect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    agent(agentOf());
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(publishedTopics()).toEqual([agentTopic]);
  });

  test('belongs to the process that publishes on the topic, whatever id is in the message', async () => {
    const { connect, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    fake.deliver('agent/main/info', agentOf({ agent: 'other' }), { retained: true });
    fake.deliver('agent/main/availability', 'online', { retained: true });
    clock.advance(5_000);
    expect(publishedTopics()).toEqual([agentTopic]);
  });

  test('of one device waits 2 s after the last one, because Home Assistant drops most of a second message while it sets up a new device', async () => {
    const { connect, agent, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(600);
    expect(publishedTopics()).toEqual([agentTopic]);
    agent(agentOf({ leds: [] }));
    clock.advance(1_800);
    expect(publishedTopics()).toEqual([]);
    clock.advance(200);
    expect(publishedTopics()).toEqual([agentTopic]);
  });

  test('goes to the topics in the configuration', async () => {
    const { connect, agent, fake, publishedTopics, clock } = announcing({
      maxApplications: 0,
      discoveryPrefix: 'ha/discovery',
      birthTopic: 'ha/birth',
    });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    expect(publishedTopics()).toEqual(['ha/discovery/device/release-button_agent_main/config']);
    fake.deliver('ha/birth', 'online');
    clock.advance(5_000);
    expect(publishedTopics()).toHaveLength(1);
  });
});

test('a message that the broker refuses does not count as announced, and is sent again at the next birth', async () => {
  const { connect, agent, fake, health, publishedTopics, clock, acknowledged } = announcing({
    maxApplications: 0,
  });
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
  expect(publishedTopics()).toEqual([agentTopic]);
  expect(check()).toMatchObject({ ok: true, message: expect.stringContaining('devices 1,') });
});

test('a message that the broker refuses is not sent again and again', async () => {
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

test('the health reports applications for which the broker has no room', async () => {
  const { connect, worker, app, drift, fake, health, keys, clock, acknowledged } = announcing();
  fake.packetMax = 32_768;
  await connect();
  worker(workerOf());
  drift(40);
  for (let index = 0; index < 40; index += 1) app(`shop-${index}`);
  clock.advance(2_000);
  await acknowledged();
  const announcedCount = keys(workerTopic).filter((key) => key.startsWith('app_')).length;
  expect(announcedCount).toBeGreaterThan(0);
  expect(health.report().checks['home-assistant']).toMatchObject({
    ok: false,
    message: expect.stringMatching(
      new RegExp(
        `^${40 - announcedCount} applications have no update entity .* at most 32768 bytes: .*; announced .* devices 1,`,
      ),
    ),
  });
});

test('after a stop nothing is sent, whatever messages still arrive', async () => {
  const { connect, agent, worker, app, drift, publishedTopics, clock, stop } = announcing();
  await connect();
  agent(agentOf());
  stop();
  worker(workerOf());
  drift(1);
  app('shop');
  expect(clock.pendingTimers()).toBe(0);
  clock.advance(600_000);
  expect(publishedTopics()).toEqual([]);
});

test('the health says what is announced, and what prevents announcements', async () => {
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
