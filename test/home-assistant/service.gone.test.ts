// What is gone is taken away, and nothing else.
import { describe, expect, test } from 'vitest';
import { agentTopic, announced, announcedKeys, announcing, announcedFrom } from './support/announcing.ts';
import { agentOf } from './support/installations.ts';

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
    // Somebody may have announced it a moment before us.
    clock.advance(1_900);
    expect(said()).toEqual([]);
    clock.advance(200);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject({ components: { event_shop: { platform: 'event' } } });
    clock.advance(5_000);
    expect(said()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));
  });

  test('a button that comes back and goes again is taken away again', async () => {
    const { connect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    const two = agentOf({ leds: [...agentOf().leds, { id: 'second', follows: 'main' }] });
    await connect();
    for (const info of [two, agentOf(), two]) {
      agent(info);
      clock.advance(10_000);
    }
    said();
    agent(agentOf());
    clock.advance(1_000);
    expect(fake.retained(agentTopic)).toMatchObject({ components: { light_second: { platform: 'light' } } });
    clock.advance(10_000);
    expect(said()).toEqual([agentTopic, agentTopic]);
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

  test('so is one whose info is cleared while the broker still answers the subscriptions', async () => {
    const { fake, said, clock } = announcing({ maxApplications: 0 });
    fake.setState('connected');
    fake.deliver('agent/main/info', '');
    fake.deliver(agentTopic, announced(agentOf()), { retained: true });
    await fake.link.subscribed();
    clock.advance(5_000);
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
    const { connect, reconnect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    said();
    await reconnect();
    clock.advance(1_000);
    // What we have said ourselves comes back to us, and is not what the broker has kept.
    fake.deliver(agentTopic, fake.retained(agentTopic));
    clock.advance(3_000);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));

    // It is not back: Home Assistant would show it as it was before, for ever.
    clock.advance(300_000);
    expect(said()).toEqual([agentTopic]);
    const { availability, ...rest } = announced(agentOf());
    expect(fake.retained(agentTopic)).toMatchObject(rest);
    expect(fake.retained(agentTopic)).not.toMatchObject({ availability });
    agent(agentOf());
    clock.advance(3_000);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));
  });

  test('a device whose info was cleared while there was no connection is cleared, where the broker has kept the rest', async () => {
    const { connect, reconnect, agent, fake, said, clock } = announcing({ maxApplications: 0 });
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
  const before = (...keys: (readonly [string, string])[]) =>
    announcedFrom([['release-button_agent_main', new Map([...announcedKeys(agentOf()), ...keys])]]);

  test('is taken away where it is not there any more, now and once more at the next birth', async () => {
    const known = before(
      ['event_shop', 'event'],
      ['light_shop', 'light'],
      ['trigger_hold_shop', 'device_automation'],
    );
    const { connect, agent, fake, said, keys, clock, acknowledged } = announcing(
      { maxApplications: 0 },
      known,
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
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject(farewell);
    clock.advance(10_000);
    expect(said()).toEqual([agentTopic]);
    expect(keys(agentTopic)).toEqual(Object.keys(announced(agentOf()).components));

    // Home Assistant has been off: it has them in its registry alone, from which it takes nothing away that is not there.
    fake.deliver('homeassistant/status', 'online');
    clock.advance(2_900);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject({
      ...announced(agentOf()),
      components: {
        ...announced(agentOf()).components,
        event_shop: { platform: 'event', unique_id: 'release-button_agent_main.event_shop' },
        light_shop: { platform: 'light', unique_id: 'release-button_agent_main.light_shop' },
      },
    });
    clock.advance(200);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toMatchObject(farewell);
    clock.advance(10_000);
    await acknowledged();
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));
    expect(known).toEqual(before());

    // From now on it is known to be gone.
    fake.deliver('homeassistant/status', 'online');
    clock.advance(10_000);
    expect(said()).toEqual([agentTopic]);
  });

  test.each(['homeassistant/status', 'connection'])(
    'is not forgotten where Home Assistant (%s) goes before it has heard all of it',
    async (what) => {
      const known = before(['event_shop', 'event']);
      const { connect, reconnect, agent, fake, keys, clock, acknowledged } = announcing(
        { maxApplications: 0 },
        known,
      );
      await connect();
      agent(agentOf());
      clock.advance(5_000);
      fake.deliver('homeassistant/status', 'online');
      clock.advance(1_000);
      expect(keys(agentTopic)).toContain('event_shop');
      if (what === 'connection') {
        await reconnect();
        agent(agentOf());
      } else fake.deliver(what, 'offline');
      clock.advance(20_000);
      await acknowledged();
      expect(known.devices.get('release-button_agent_main')?.has('event_shop')).toBe(true);
      expect(keys(agentTopic)).not.toContain('event_shop');

      fake.deliver('homeassistant/status', 'online');
      clock.advance(20_000);
      await acknowledged();
      expect(known).toEqual(before());
    },
  );

  test('is not forgotten where the broker has not taken the word of it', async () => {
    const known = before(['event_shop', 'event']);
    const { connect, agent, fake, clock, acknowledged } = announcing({ maxApplications: 0 }, known);
    await connect();
    agent(agentOf());
    clock.advance(5_000);
    fake.takesStates = 'refused';
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    await acknowledged();
    expect(known.devices.get('release-button_agent_main')?.has('event_shop')).toBe(true);
  });

  // It is the larger message of the two.
  test('is not forgotten where the broker has refused to bring it back', async () => {
    const known = before(['event_shop', 'event']);
    const { connect, agent, fake, keys, clock, acknowledged } = announcing({ maxApplications: 0 }, known);
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
    expect(known.devices.get('release-button_agent_main')?.has('event_shop')).toBe(true);
  });

  test('a device that was taken away is so once more at the next birth, and is forgotten then', async () => {
    const known = before();
    const { connect, fake, said, clock } = announcing({ maxApplications: 0 }, known);
    await connect();
    clock.advance(1_000);
    expect(said()).toEqual([]);
    // As a person says that an agent is gone which was switched off before.
    fake.deliver('agent/main/info', '');
    clock.advance(1_000);
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeUndefined();
    expect([...known.removed]).toEqual(['release-button_agent_main']);

    clock.advance(5_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(2_000);
    expect(said()).toEqual([agentTopic]);
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
    expect(said()).toEqual([agentTopic]);
    expect(fake.retained(agentTopic)).toBeUndefined();
    expect(known).toEqual(announcedFrom([]));
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(said()).toEqual([]);
  });

  test('a device that was taken away and comes back is there to stay', async () => {
    const known = before();
    const { connect, agent, fake, clock } = announcing({ maxApplications: 0 }, known);
    await connect();
    clock.advance(1_000);
    fake.deliver('agent/main/info', '');
    clock.advance(5_000);
    agent(agentOf());
    clock.advance(5_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(20_000);
    expect(fake.retained(agentTopic)).toEqual(announced(agentOf()));
    expect(known).toEqual(before());
  });

  // An agent that is only switched off stays, unavailable.
  test('stays where nobody has said that its device is gone', async () => {
    const known = announcedFrom([['release-button_agent_old', new Map([['event_main', 'event']])]]);
    const { connect, fake, said, clock } = announcing({ maxApplications: 0 }, known);
    await connect();
    clock.advance(600_000);
    fake.deliver('homeassistant/status', 'online');
    clock.advance(600_000);
    expect(said()).toEqual([]);
    expect(known.devices.size).toBe(1);
  });

  test('is forgotten in the end, where no birth ever comes', async () => {
    const many = Array.from({ length: 600 }, (_, index) => [`event_${index}`, 'event'] as const);
    const known = before(...many);
    const { connect, agent, clock } = announcing({ maxApplications: 0 }, known);
    await connect();
    agent(agentOf());
    clock.advance(10_000);
    const left = [...(known.devices.get('release-button_agent_main')?.keys() ?? [])];
    expect(left).toHaveLength(500 + announcedKeys(agentOf()).length);
    expect(left).toContain('event_599');
    expect(left).not.toContain('event_99');
    expect(left).toContain('event_main');
  });
});
