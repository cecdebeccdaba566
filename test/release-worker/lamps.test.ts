// Foreign lamps on a fake link and a hand-moved clock: which messages they get, and when the messages are repeated.
import { describe, expect, it } from 'vitest';
import { signals, type Signal } from '../../messages/button.ts';
import { createLamps } from '../../release-worker/lamps.ts';
import { silentLog } from '../../service/log.ts';
import { load } from '../config/support.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createFakeLink } from './support/fake-link.ts';

const plain = { topic: 'lamp/set', signals: { drifted: 'on', other: 'off' }, againEveryMs: 0 };

async function lamps(lights: readonly object[]) {
  const { config } = await load({ file: `worker: {lights: ${JSON.stringify(lights)}}` });
  const clock = createFakeClock();
  const fake = createFakeLink();
  const made = createLamps({ lights: config.worker.lights, link: fake.link, clock, log: silentLog() });
  made.start();
  return {
    clock,
    fake,
    stop: made.stop,
    connect: () => fake.setState('connected'),
    show: (signal: Signal, button = 'main') => made.show(button, signal),
    told: (topic = 'lamp/set') => fake.on(topic),
  };
}

/** The message to a lamp for every signal, in their order. */
async function allOf(light: object, topic: string) {
  const { clock, connect, show, told } = await lamps([light]);
  connect();
  const all = signals.map((signal): [string, unknown] => {
    show(signal);
    clock.advance(500);
    return [signal, told(topic).at(-1)];
  });
  return Object.fromEntries(all);
}

describe('the message to a lamp', () => {
  it('is a colour, a brightness and an effect over Zigbee2MQTT', async () => {
    const all = await allOf({ preset: 'zigbee2mqtt', device: 'desk/lamp' }, 'zigbee2mqtt/desk/lamp/set');
    const parsed = Object.entries(all).map(([signal, text]) => [signal, JSON.parse(String(text)) as unknown]);
    expect(Object.fromEntries(parsed)).toEqual({
      unknown: { state: 'ON', brightness: 30, color: { r: 128, g: 0, b: 255 } },
      releasing: { state: 'ON', brightness: 254, color: { r: 0, g: 80, b: 255 }, effect: 'breathe' },
      failed: { state: 'ON', brightness: 254, color: { r: 255, g: 0, b: 0 }, effect: 'blink' },
      succeeded: { state: 'ON', brightness: 254, color: { r: 0, g: 255, b: 0 }, effect: 'okay' },
      blocked: { state: 'ON', brightness: 40, color: { r: 255, g: 160, b: 0 } },
      drifted: { state: 'ON', brightness: 254, color: { r: 255, g: 160, b: 0 } },
      clear: { state: 'OFF' },
    });
  });

  it.each([
    [{ preset: 'shelly-gen1', device: 'shelly1-A1B2C3' }, 'shellies/shelly1-A1B2C3/relay/0/command'],
    [
      { preset: 'shelly-gen2', device: 'shellyplus1-a1b2c3', output: 1 },
      'shellyplus1-a1b2c3/command/switch:1',
    ],
  ])('is on or off if the lamp has no more: %j', async (light, topic) => {
    expect(await allOf(light, topic)).toEqual({
      unknown: 'off',
      releasing: 'on',
      failed: 'on',
      succeeded: 'off',
      blocked: 'off',
      drifted: 'on',
      clear: 'off',
    });
  });

  it('is a colour and an effect for WLED, or one of its presets', async () => {
    const light = {
      preset: 'wled',
      device: 'wled/a1b2c3',
      signals: { failed: 7, succeeded: true, blocked: false },
    };
    const all = await allOf(light, 'wled/a1b2c3/api');
    expect(all).toMatchObject({
      drifted: '{"on":true,"bri":254,"seg":[{"col":[[255,160,0]],"fx":0}]}',
      releasing: '{"on":true,"bri":254,"seg":[{"col":[[0,80,255]],"fx":2}]}',
      failed: '{"ps":7}',
      succeeded: '{"on":true}',
      blocked: '{"on":false}',
      clear: '{"on":false}',
    });
  });

  it('follows the configuration before the preset', async () => {
    const light = {
      preset: 'zigbee2mqtt',
      device: 'lamp',
      base: 'home/z2m',
      signals: { drifted: { state: 'ON', effect: 'blink' }, failed: '{"state":"ON"}', other: false },
    };
    expect(await allOf(light, 'home/z2m/lamp/set')).toEqual({
      ...Object.fromEntries(signals.map((signal) => [signal, '{"state":"OFF"}'])),
      drifted: '{"state":"ON","effect":"blink"}',
      failed: '{"state":"ON"}',
    });
  });

  it('is about its own button only', async () => {
    const { connect, show, told } = await lamps([plain]);
    connect();
    show('drifted', 'other');
    expect(told()).toEqual([]);
  });
});

describe('a lamp gets a message', () => {
  it('on the first connection, and not before', async () => {
    const { connect, show, told } = await lamps([plain]);
    show('unknown');
    show('drifted');
    expect(told()).toEqual([]);
    connect();
    expect(told()).toEqual(['on']);
  });

  it('when the message changes, and not when another signal has the same one', async () => {
    const { clock, connect, show, told } = await lamps([plain]);
    connect();
    for (const signal of ['clear', 'clear', 'blocked', 'drifted', 'drifted'] as const) {
      show(signal);
      clock.advance(1_000);
    }
    expect(told()).toEqual(['off', 'on']);
  });

  it('twice a second at most, and the latest one wins', async () => {
    const { clock, connect, show, told } = await lamps([
      {
        topic: 'lamp/set',
        signals: { drifted: 'd', releasing: 'r', succeeded: 's', other: 'o' },
        againEveryMs: 0,
      },
    ]);
    connect();
    show('drifted');
    clock.advance(100);
    show('releasing');
    clock.advance(100);
    show('succeeded');
    clock.advance(299);
    expect(told()).toEqual(['d']);
    clock.advance(1);
    expect(told()).toEqual(['d', 's']);
    show('drifted');
    show('succeeded');
    clock.advance(10_000);
    expect(told()).toEqual(['d', 's']);
  });

  it('again on every connection, and repeatedly after a while', async () => {
    const { clock, fake, connect, show, told } = await lamps([{ ...plain, againEveryMs: 300_000 }]);
    connect();
    show('drifted');
    clock.advance(299_999);
    expect(told()).toHaveLength(1);
    clock.advance(1);
    expect(told()).toHaveLength(2);
    fake.setState('connecting');
    clock.advance(1_000_000);
    expect(told()).toHaveLength(2);
    connect();
    expect(told()).toEqual(['on', 'on', 'on']);
    fake.setState('connecting');
    clock.advance(1_000);
    connect();
    expect(told()).toHaveLength(4);
  });

  it('never from a stand-by: the lamps belong to the active worker', async () => {
    const { clock, fake, connect, show, stop, told } = await lamps([{ ...plain, againEveryMs: 60_000 }]);
    connect();
    show('drifted');
    fake.setState('standby');
    show('clear');
    clock.advance(1_000_000);
    await stop();
    expect(told()).toEqual(['on']);
  });
});

describe('a lamp that is back', () => {
  it.each([
    [
      { preset: 'zigbee2mqtt', device: 'lamp' },
      'zigbee2mqtt/lamp/set',
      'zigbee2mqtt/lamp/availability',
      '{"state":"online"}',
      '{"state":"offline"}',
    ],
    [
      { preset: 'zigbee2mqtt', device: 'lamp' },
      'zigbee2mqtt/lamp/set',
      'zigbee2mqtt/lamp/availability',
      'online',
      'offline',
    ],
    [
      { preset: 'shelly-gen1', device: 'shelly1-A' },
      'shellies/shelly1-A/relay/0/command',
      'shellies/shelly1-A/online',
      'true',
      'false',
    ],
    [{ preset: 'shelly-gen2', device: 'plug' }, 'plug/command/switch:0', 'plug/online', 'true', 'false'],
    [{ preset: 'wled', device: 'wled/a' }, 'wled/a/api', 'wled/a/status', 'online', 'offline'],
    [{ ...plain, back: { topic: 'lamp/lwt', when: 'Online' } }, 'lamp/set', 'lamp/lwt', 'Online', 'Offline'],
    [
      { ...plain, back: { topic: 'lamp/lwt', path: 'a.b', when: true } },
      'lamp/set',
      'lamp/lwt',
      '{"a":{"b":true}}',
      '{"a":{}}',
    ],
  ])('gets its message again: %j', async (light, topic, back, online, offline) => {
    const { clock, fake, connect, show, told } = await lamps([light]);
    connect();
    show('drifted');
    clock.advance(60_000);
    const [first] = told(topic);
    fake.deliver(back, offline);
    // The stored message is outdated: every connection begins with the current state anyway.
    fake.deliver(back, online, { retained: true });
    clock.advance(10_000);
    expect(told(topic)).toEqual([first]);
    fake.deliver(back, online);
    expect(told(topic)).toEqual([first, first]);
    expect(fake.subscriptions).toContainEqual({ filter: back, options: { withoutRetained: true } });
  });

  it('gets it once in 5 s, even if it announces itself without end', async () => {
    const { clock, fake, connect, show, told } = await lamps([
      { ...plain, back: { topic: 'lamp/lwt', when: 'x' } },
    ]);
    connect();
    show('drifted');
    clock.advance(60_000);
    for (let round = 0; round < 100; round += 1) {
      fake.deliver('lamp/lwt', 'x');
      clock.advance(100);
    }
    // At 60 s, 65 s and 70 s.
    expect(told()).toHaveLength(1 + 3);
    clock.advance(60_000);
    expect(told()).toHaveLength(1 + 3);
  });
});

describe('at a stop', () => {
  it('the lamps show unknown, and get nothing more', async () => {
    const { clock, fake, connect, show, stop, told } = await lamps([
      {
        ...plain,
        signals: { drifted: 'on', unknown: 'nobody knows', other: 'off' },
        againEveryMs: 1_000,
        back: { topic: 'lamp/lwt', when: 'x' },
      },
    ]);
    connect();
    show('drifted');
    show('clear');
    await stop();
    expect(clock.pendingTimers()).toBe(0);
    fake.deliver('lamp/lwt', 'x');
    fake.setState('connected');
    show('drifted');
    clock.advance(100_000);
    expect(told()).toEqual(['on', 'nobody knows']);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('nothing is sent without a connection, and nothing is awaited', async () => {
    const { fake, show, stop, told } = await lamps([plain]);
    fake.acknowledges = 'never';
    fake.setState('connecting');
    show('drifted');
    await stop();
    expect(told()).toEqual([]);
  });
});
