// A whole worker behind a broker that speaks MQTT 3.1.1 only, which sends what is retained whether asked to or not.
import { expect, it, onTestFinished } from 'vitest';
import { connectAsync } from 'mqtt';
import { only311 } from '../support/only-3-1-1.ts';
import { worldOf } from '../support/simulator.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

it('takes what is retained for no press, and the first live message for one', async () => {
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
