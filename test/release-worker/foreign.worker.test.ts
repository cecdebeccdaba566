// A whole worker with a broker that only speaks MQTT 3.1.1 and always sends retained messages, and with Mosquitto.
import { expect, it, onTestFinished } from 'vitest';
import { connectAsync } from 'mqtt';
import { startMosquitto } from '../service/mosquitto.ts';
import { only311 } from '../support/only-3-1-1.ts';
import { hasMosquittoBroker } from '../support/programs.ts';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

it('ignores the retained message of a foreign button, and presses with its first live message', async () => {
  const broker = await onBroker();
  const relay = await only311(broker.url);
  onTestFinished(() => relay.stop());
  const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', drifted: true, syncMs: 20 }]));
  const device = await connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 0 });
  onTestFinished(() => device.endAsync(true));
  await device.publishAsync('zigbee2mqtt/big-red', '{"action":"single"}', { qos: 1, retain: true });

  await startWorker(
    workerConfig(relay.url, control.url, {
      stateDir: stateDirectory(),
      presses: [{ preset: 'zigbee2mqtt', device: 'big-red', edge: false, button: 'main', gesture: 'press' }],
    }),
  );
  await broker.untilSignal('main', 'drifted');
  expect(relay.versions).toContain(4);
  await broker.publish('button/main/press', '{"id":"own","only":["argocd/nothing"]}');
  await broker.result('main', 'own');
  expect(broker.on('button/main/result')).toHaveLength(1);

  await device.publishAsync('zigbee2mqtt/big-red', '{"action":"single"}', { qos: 1, retain: true });
  await until('its result', () => broker.on('button/main/result').length === 2);
  expect(broker.latest('button/main/result')).toMatchObject({ outcome: 'accepted' });
});

it.skipIf(!hasMosquittoBroker)(
  "does so on Mosquitto too, and a foreign lamp shows its button's signal (skipped without mosquitto)",
  async () => {
    const mosquitto = await startMosquitto(['allow_anonymous true']);
    const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', drifted: true, syncMs: 20 }]));
    const client = await connectAsync(mosquitto.url, { protocolVersion: 5, reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync(true));
    const heard: { readonly topic: string; readonly text: string }[] = [];
    client.on('message', (topic, payload) => heard.push({ topic, text: payload.toString() }));
    await client.subscribeAsync(['release-button/button/+/result', 'zigbee2mqtt/lamp/set'], { qos: 1 });
    const on = (topic: string) => heard.filter((one) => one.topic === topic).map(({ text }) => text);
    const results = () => on('release-button/button/main/result');
    const press = (retain: boolean) =>
      client.publishAsync('zigbee2mqtt/big-red', '{"action":"single"}', { qos: 1, retain });
    await press(true);

    const worker = await startWorker(
      workerConfig(mosquitto.url, control.url, {
        stateDir: stateDirectory(),
        presses: [
          { preset: 'zigbee2mqtt', device: 'big-red', edge: false, button: 'main', gesture: 'press' },
        ],
        lights: [{ preset: 'zigbee2mqtt', device: 'lamp', output: 0, button: 'main', againEveryMs: 0 }],
      }),
    );
    await until('amber', () => on('zigbee2mqtt/lamp/set').at(-1)?.includes('"r":255,"g":160,"b":0'));
    expect(results()).toEqual([]);
    await press(true);
    await press(true);
    await until('green', () => on('zigbee2mqtt/lamp/set').at(-1)?.includes('"effect":"okay"'));
    expect(results().map((text): unknown => JSON.parse(text))).toMatchObject([{ outcome: 'accepted' }]);
    await worker.stop();
    await until('unknown', () => on('zigbee2mqtt/lamp/set').at(-1)?.includes('"r":128,"g":0,"b":255'));
  },
);
