// Entities that do not exist any longer are removed, and nothing else.
import { describe, expect, test } from 'vitest';
import { agentTopic, announced, announcedKeys, announcing, announcedFrom } from './support/announcing.ts';
import { agentOf } from './support/installations.ts';

describe('removed entities and devices', () => {
  test('a removed button is taken away, and the message after that does not mention it', async () => {
    const { connect, agent, fake, publishedTopics, keys, clock } = announcing({ maxApplications: 0 });
    const two = agentOf({
      buttons: [
        { id: 'main', gestures: ['press'], holdMs: 1000 },
        { id: 'shop', gestures: ['press'], holdMs: 1000 },
      ],
    });
    await connect();
    fake.deliver(agentTopic, announced(two), { retained: true });
    agent(agentOf());
    // Another service may have announced it a moment before.
    clock.advance(1_900);
    expect(publishedTopics()).toEqual([]);
    clock.advance(200);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject({ components: { event_shop: { platform: 'event' } } });
    clock.advance(5_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));
  });

  test('a button that returns and is removed again is taken away again', async () => {
    const { connect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    const two = agentOf({ leds: [...agentOf().leds, { id: 'second', follows: 'main' }] });
    await connect();
    for (const info of [two, agentOf(), two]) {
      agent(info);
      clock.advance(10_000);
    }
    publishedTopics();
    agent(agentOf());
    clock.advance(1_000);
    expect(fake.retained(agentTopic)).toMatchObject({ components: { light_second: { platform: 'light' } } });
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([agentTopic, agentTopic]);
  });

  test('a device is cleared at once when its info is cleared', async () => {
    const { connect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    publishedTopics();
    fake.deliver('agent/main/info', '');
    clock.advance(2_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeUndefined();
  });

  test('a device is cleared if its info is cleared while the broker still answers the subscriptions', async () => {
    const { fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    fake.setState('connected');
    fake.deliver('agent/main/info', '');
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    await fake.link.subscribed();
    clock.advance(5_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeUndefined();
  });

  test('a device about which no message has come for minutes is cleared, and devices of others stay', async () => {
    const { connect, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    const foreign = { ...announced(agentOf()), origin: { name: 'zigbee2mqtt' } };
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    fake.deliver('homeassistant/device/other_agent_main/config', announced(agentOf()), { retained: true });
    fake.deliver('homeassistant/device/release-button_agent_theirs/config', foreign, { retained: true });
    fake.deliver('homeassistant/device/0x1234/config', '{"dev": {}, "o": {"name": "x"}}', { retained: true });
    clock.advance(120_000);
    expect(publishedTopics()).toEqual([]);
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([agentTopic]);
  });

  // An embedded broker forgets everything when it restarts, and the agent comes back a moment later.
  test('nothing is cleared if the broker has forgotten an info', async () => {
    const { connect, reconnect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    publishedTopics();
    await reconnect();
    clock.advance(1_000);
    // Our own message comes back to us. It does not prove that the broker has kept it.
    fake.deliver(agentTopic, fake.retained(agentTopic));
    clock.advance(3_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));

    // The agent has not come back. Without a new message, Home Assistant would show it as it was before, forever.
    clock.advance(300_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    const { availability, ...rest } = announced(agentOf());
    expect(fake.retained(agentTopic)).toMatchObject(rest);
    expect(fake.retained(agentTopic)).not.toMatchObject({ availability });
    agent(agentOf());
    clock.advance(3_000);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));
  });

  test('a device whose info was cleared while there was no connection is cleared if the broker has kept the rest', async () => {
    const { connect, reconnect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    agent(agentOf({ agent: 'office' }));
    clock.advance(5_000);
    await reconnect();
    agent(agentOf());
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    const office = 'homeassistant/device/release-button_agent_office/config';
    fake.deliver(office, fake.retained(office), { retained: true });
    fake.deliver('agent/office/availability', 'offline', { retained: true });
    publishedTopics();
    clock.advance(120_000);
    expect(publishedTopics()).toEqual([]);
    clock.advance(60_000);
    expect(publishedTopics()).toEqual([office]);
    expect(fake.retained(office)).toBeUndefined();
  });

  test('a device that a user has deleted in Home Assistant stays away until there is something new', async () => {
    const { connect, agent, fake, publishedTopics, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    publishedTopics();
    fake.deliver(agentTopic, '');
    agent(agentOf({ at: '2026-01-01T09:00:00.000Z' }));
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([]);
    agent(agentOf({ driver: 'gpiochip' }));
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([agentTopic]);
  });
});

// An embedded broker keeps nothing, and Home Assistant forgets only what a message removes.
describe('an entity that was announced before the broker forgot it', () => {
  const before = (...keys: (readonly [string, string])[]) =>
    announcedFrom([['release-button_agent_main', new Map([...announcedKeys(agentOf()), ...keys])]]);

  test('is taken away if it does not exist any longer, at once and again at the next birth', async () => {
    const memory = before(
      ['event_shop', 'event'],
      ['light_shop', 'light'],
      ['trigger_hold_shop', 'device_automation'],
    );
    const { connect, agent, fake, publishedTopics, keys, clock, acknowledged } = announcing(
      { maxApplications: 0 },
      memory,
    );
    await connect();
    agent(agentOf());
    clock.advance(600);
    const farewell = {
      components: {
        event_shop: { platform: 'event' },
        light_shop: { platform: 'light' },
        trigger_hold_shop: { platform: 'device_automation' },
      },
    };
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject(farewell);
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));

    // Home Assistant was off. It has the entities only in its registry, and removes them from there only if they are
    // announced first.
    fake.deliver('homeassistant/status', 'online');
    clock.advance(2_900);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject({
      ...announced(agentOf()),
      components: {
        ...announced(agentOf()).components,
        event_shop: { platform: 'event', unique_id: 'release-button_agent_main.event_shop' },
        light_shop: { platform: 'light', unique_id: 'release-button_agent_main.light_shop' },
      },
    });
    clock.advance(200);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject(farewell);
    clock.advance(10_000);
    await acknowledged();
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));
    expect(memory).toEqual(before());

    // From now on, Home Assistant is known to have removed it.
    fake.deliver('homeassistant/status', 'online');
    clock.advance(10_000);
    expect(publishedTopics()).toEqual([agentTopic]);
  });

  test.each(['homeassistant/status', 'connection'])(
    'is not forgotten if Home Assistant (%s) goes away before it has received everything',
    async (goesAway) => {
      const memory = before(['event_shop', 'event']);
      const { connect, reconnect, agent, fake, keys, clock, acknowledged } = announcing(
        { maxApplications: 0 },
        memory,
      );
      await connect();
      agent(agentOf());
      clock.advance(5_000);
      fake.deliver('homeassistant/status', 'online');
      clock.advance(1_000);
      expect(keys(agentTopic)).toContain('event_shop');
      if (goesAway === 'connection') {
        await reconnect();
        agent(agentOf());
      } else fake.deliver(goesAway, 'offline');
      clock.advance(20_000);
      await acknowledged();
      expect(memory.devices.get('release-button_agent_main')?.has('event_shop')).toBe(true);
      expect(keys(agentTopic)).not.toContain('event_shop');

      fake.deliver('homeassistant/status', 'online');
      clock.advance(20_000);
      await acknowledged();
      expect(memory).toEqual(before());
    },
  );

  test('is not forgotten if the broker has not accepted the removal', async () => {
    const memory = before(['event_shop', 'event']);
    const { connect, agent, fake, clock, acknowledged } = announcing({ maxApplications: 0 }, memory);
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    fake.takesStates = 'refused';
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    await acknowledged();
    expect(memory.devices.get('release-button_agent_main')?.has('event_shop')).toBe(true);
  });

  // The message that announces it again is larger than the one that removes it.
  test('is not forgotten if the broker has refused to announce it again', async () => {
    const memory = before(['event_shop', 'event']);
    const { connect, agent, fake, keys, clock, acknowledged } = announcing({ maxApplications: 0 }, memory);
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    fake.takesStates = 'refused';
    fake.deliver('homeassistant/status', 'online');
    clock.advance(1_000);
    await acknowledged();
    fake.takesStates = 'acknowledged';
    clock.advance(10_000);
    await acknowledged();
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));
    expect(memory.devices.get('release-button_agent_main')?.has('event_shop')).toBe(true);
  });

  test('a device that was taken away is taken away again at the next birth, and is then forgotten', async () => {
    const memory = before();
    const { connect, fake, publishedTopics, clock } = announcing({ maxApplications: 0 }, memory);
    await connect();
    clock.advance(1_000);
    expect(publishedTopics()).toEqual([]);
    // A person clears the info of an agent that was switched off.
    fake.deliver('agent/main/info', '');
    clock.advance(1_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeUndefined();
    expect([...memory.removed]).toEqual(['release-button_agent_main']);

    clock.advance(5_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(2_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject({
      device: { identifiers: ['release-button_agent_main'] },
      components: {
        event_main: { platform: 'event', unique_id: 'release-button_agent_main.event_main' },
        stuck_main: { platform: 'binary_sensor' },
        light_main: { platform: 'light' },
        identify_main: { platform: 'button' },
      },
    });
    clock.advance(5_000);
    expect(publishedTopics()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeUndefined();
    expect(memory).toEqual(announcedFrom([]));
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(publishedTopics()).toEqual([]);
  });

  test('a device that was taken away and comes back stays', async () => {
    const memory = before();
    const { connect, agent, fake, clock } = announcing({ maxApplications: 0 }, memory);
    await connect();
    clock.advance(1_000);
    fake.deliver('agent/main/info', '');
    clock.advance(5_000);
    agent(agentOf());
    clock.advance(5_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));
    expect(memory).toEqual(before());
  });

  // An agent that is only switched off stays, and is unavailable.
  test('stays if nobody has said that its device is gone', async () => {
    const memory = announcedFrom([['release-button_agent_old', new Map([['event_main', 'event']])]]);
    const { connect, fake, publishedTopics, clock } = announcing({ maxApplications: 0 }, memory);
    await connect();
    clock.advance(600_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(600_000);
    expect(publishedTopics()).toEqual([]);
    expect(memory.devices.size).toBe(1);
  });

  test('is forgotten in the end if no birth ever comes', async () => {
    const manyEntities = Array.from({ length: 600 }, (_, index) => [`event_${index}`, 'event'] as const);
    const memory = before(...manyEntities);
    const { connect, agent, clock } = announcing({ maxApplications: 0 }, memory);
    await connect();
    agent(agentOf());
    clock.advance(10_000);
    const remembered = [...(memory.devices.get('release-button_agent_main')?.keys() ?? [])];
    expect(remembered).toHaveLength(500 + announcedKeys(agentOf()).length);
    expect(remembered).toContain('event_599');
    expect(remembered).not.toContain('event_99');
    expect(remembered).toContain('event_main');
  });
});
