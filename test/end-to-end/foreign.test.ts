// Buttons and lamps of others with real processes: mosquitto_pub is the device, Argo CD is simulated.
import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { startSeparately, type SeparateInstallation } from '../support/installation.ts';
import { command, publish, subscribe, type Subscriber } from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { stays, until } from '../support/wait.ts';
import { patienceMs } from '../support/patience.ts';

const result = 'release-button/button/main/result';
const red = 'zigbee2mqtt/hall/big red';
const shelly = 'shellies/shellyix3-A/input_event/0';
const lampSet = 'zigbee2mqtt/lamp/set';
const single = '{"action":"single","battery":100,"linkquality":86,"voltage":3052}';

const env = {
  RELEASE_BUTTON_WORKER_PRESSES: JSON.stringify([
    { preset: 'zigbee2mqtt', device: 'hall/big red' },
    { preset: 'shelly-gen1', device: 'shellyix3-A' },
    { preset: 'esphome', device: 'desk', input: 'red' },
  ]),
  RELEASE_BUTTON_WORKER_LIGHTS: JSON.stringify([
    { preset: 'zigbee2mqtt', device: 'lamp' },
    { preset: 'shelly-gen1', device: 'shelly1-A' },
  ]),
};

describe.skipIf(!hasMosquitto)('a button of another maker (skipped without mosquitto-clients)', () => {
  let running: SeparateInstallation | undefined;
  afterEach(async () => {
    await running?.workplace.clear();
    running = undefined;
  });

  const sources = (installation: SeparateInstallation) =>
    installation.worker
      .logs()
      .filter(({ msg }) => String(msg).startsWith('press on main'))
      .map(({ source, outcome }) => [source, outcome]);

  it('releases once for a press over Zigbee2MQTT that comes twice with different link quality', async () => {
    const installation = (running = await startSeparately(
      [{ name: 'shop', drifted: true, syncMs: 20 }],
      env,
    ));
    publish(installation.brokerUrl, ['-t', red, '-m', single]);
    publish(installation.brokerUrl, ['-t', red, '-m', single.replace('86', '31')]);
    publish(installation.brokerUrl, ['-t', red, '-m', '{"action":"","battery":100}']);
    await until('the result', () => installation.subscriber.messagesOn(result).length > 0);
    await until('the end of the release', () =>
      installation.subscriber.latest('release-button/worker/main/release/last'),
    );
    // This press comes last on the worker's connection. So its result shows that the worker has received the others.
    publish(installation.brokerUrl, ['-t', 'release-button/button/nobody/press', '-m', 'press']);
    await until(
      'the last',
      () => installation.subscriber.messagesOn('release-button/button/nobody/result').length > 0,
    );
    expect(installation.subscriber.messagesOn(result)).toHaveLength(1);
    expect(installation.subscriber.latest(result)).toMatchObject({ outcome: 'accepted', applications: 1 });
    expect(installation.subscriber.latest('release-button/worker/main/release/last')).toMatchObject({
      source: 'zigbee2mqtt/hall/big red',
    });
    expect(await installation.argocd.syncs()).toHaveLength(1);
    // The worker takes the press directly, and publishes none on our own topic.
    expect(installation.subscriber.messagesOn('release-button/button/main/press')).toEqual([]);
    expect(sources(installation)).toEqual([['zigbee2mqtt/hall/big red', 'accepted']]);
  });

  it.each(['5', 'mqttv311'])(
    'does not release on a retained message (published over %s), but on a live message with the retain flag',
    async (version) => {
      const installation = (running = await startSeparately(
        [{ name: 'shop', drifted: true, syncMs: 20 }],
        env,
      ));
      installation.worker.signal('SIGTERM');
      expect((await installation.worker.exited).code).toBe(0);
      await until(
        'it to be gone',
        () =>
          installation.subscriber.messagesOn('release-button/worker/main/availability').at(-1)?.payload ===
          'offline',
      );
      publish(installation.brokerUrl, ['-V', version, '-r', '-t', red, '-m', single]);
      publish(installation.brokerUrl, [
        '-V',
        version,
        '-r',
        '-t',
        shelly,
        '-m',
        '{"event":"S","event_cnt":1}',
      ]);
      publish(installation.brokerUrl, [
        '-V',
        version,
        '-r',
        '-t',
        'desk/binary_sensor/red/state',
        '-m',
        'OFF',
      ]);

      installation.worker = installation.startWorker();
      await until(
        'the worker to be back',
        () =>
          installation.subscriber.messagesOn('release-button/worker/main/availability').at(-1)?.payload ===
          'online',
      );
      publish(installation.brokerUrl, ['-t', 'release-button/button/nobody/press', '-m', 'press']);
      await until(
        'the last',
        () => installation.subscriber.messagesOn('release-button/button/nobody/result').length > 0,
      );
      expect(installation.subscriber.messagesOn(result)).toEqual([]);

      publish(installation.brokerUrl, ['-V', version, '-r', '-t', red, '-m', single]);
      await until('the result', () => installation.subscriber.messagesOn(result).length > 0);
      expect(installation.subscriber.latest(result)).toMatchObject({ outcome: 'accepted' });
    },
  );

  it('of the type Shelly presses when its counter grows, and not when the counter repeats or has grown during a cut', async () => {
    const installation = (running = await startSeparately(
      [{ name: 'shop', drifted: true, syncMs: 20 }],
      env,
    ));
    const event = (count: number) =>
      publish(installation.brokerUrl, ['-t', shelly, '-m', JSON.stringify({ event: 'S', event_cnt: count })]);
    event(7);
    await installation.worker.untilOutput('only shows the current state; press again');
    event(7);
    event(7);
    event(8);
    await until('the result', () => installation.subscriber.messagesOn(result).length === 1);
    event(8);

    // The broker is away for a while, and the device is pressed during that time.
    installation.broker.signal('SIGKILL');
    await installation.broker.exited;
    await installation.startBroker();
    const after = subscribe(installation.workplace, installation.brokerUrl);
    await until('the worker to be back', () => after.latest('release-button/button/main/signal'));
    await until(
      'its connection',
      () => installation.worker.output().split('connected to the broker').length > 2,
    );
    publish(installation.brokerUrl, ['-t', 'release-button/button/nobody/press', '-m', 'press']);
    await until('it to listen', () => after.messagesOn('release-button/button/nobody/result').length > 0);
    event(9);
    event(9);
    publish(installation.brokerUrl, ['-t', 'release-button/button/nobody/press', '-m', 'press']);
    await until('it to have heard', () => after.messagesOn('release-button/button/nobody/result').length > 1);
    expect(after.messagesOn(result)).toEqual([]);
    event(10);
    await until('the next result', () => after.messagesOn(result).length === 1);
  });
});

describe.skipIf(!hasMosquitto)('a lamp of another maker (skipped without mosquitto-clients)', () => {
  let running: SeparateInstallation | undefined;
  afterEach(async () => {
    await running?.workplace.clear();
    running = undefined;
  });

  function hearLamps(installation: SeparateInstallation): Subscriber {
    return subscribe(installation.workplace, installation.brokerUrl, ['zigbee2mqtt/#', 'shellies/#']);
  }

  it('shows the signal of the button, is set again when it returns, and shows unknown in the end', async () => {
    const installation = (running = await startSeparately([{ name: 'shop', syncMs: 800 }], env));
    const lamps = hearLamps(installation);
    const lampCommands = () =>
      lamps.messagesOn(lampSet).map(({ payload }): Record<string, unknown> => JSON.parse(payload));
    publish(installation.brokerUrl, ['-r', '-t', 'zigbee2mqtt/heard', '-m', '1']);
    await until('the listener to listen', () => lamps.messagesOn('zigbee2mqtt/heard').length > 0);

    await installation.argocd.post('drift', { app: 'shop' });
    await until('amber', () => lampCommands().at(-1)?.['color']);
    expect(lampCommands().at(-1)).toEqual({ state: 'ON', brightness: 254, color: { r: 255, g: 160, b: 0 } });
    await until(
      'the relay',
      () => lamps.messagesOn('shellies/shelly1-A/relay/0/command').at(-1)?.payload === 'on',
    );

    const before = lampCommands().length;
    publish(installation.brokerUrl, ['-t', 'zigbee2mqtt/lamp/availability', '-m', '{"state":"offline"}']);
    publish(installation.brokerUrl, [
      '-r',
      '-t',
      'zigbee2mqtt/lamp/availability',
      '-m',
      '{"state":"online"}',
    ]);
    await until('it to be told again', () => lampCommands().length === before + 1);
    expect(lampCommands().at(-1)).toEqual(lampCommands().at(-2));

    publish(installation.brokerUrl, ['-t', red, '-m', single]);
    await until('the whole release', () => lampCommands().at(-1)?.['state'] === 'OFF');
    expect(
      lampCommands()
        .map(({ effect }) => effect)
        .filter((effect) => effect !== undefined),
    ).toEqual(['breathe', 'okay']);
    expect(lamps.messagesOn('shellies/shelly1-A/relay/0/command').at(-1)?.payload).toBe('off');
    expect(
      lamps
        .messages()
        .filter(
          ({ topic, retained }) => retained && /^(zigbee2mqtt\/lamp|shellies)\/.*(set|command)$/.test(topic),
        ),
    ).toEqual([]);

    installation.worker.signal('SIGTERM');
    expect((await installation.worker.exited).code).toBe(0);
    await until('unknown', () => lampCommands().at(-1)?.['brightness'] === 30);
    await stays('no other word', () => lampCommands().at(-1)?.['brightness'] === 30, 300);
  });
});

it('a loop is refused at the start of the worker, and by `release-button config`', () => {
  const presses = '[{topic: release-button/button/main/press, when: press}]';
  const started = ['release-worker', 'config'].map((name) =>
    spawnSync(process.execPath, [command, name], {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        RELEASE_BUTTON_WORKER_PRESSES: presses,
        RELEASE_BUTTON_WORKER_BUTTONS: '[{select: {all: true}}]',
        RELEASE_BUTTON_MQTT_URL: 'mqtt://127.0.0.1:1',
        ARGOCD_SERVER: 'http://127.0.0.1:1',
        ARGOCD_AUTH_TOKEN: 'x',
      },
      timeout: patienceMs,
    }),
  );
  for (const { status, stderr } of started) {
    expect(status).toBe(2);
    expect(stderr).toContain('worker.presses[0]');
    expect(stderr).toContain('that would be a loop');
  }
});
