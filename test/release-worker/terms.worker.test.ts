// Terms of two processes with one worker id, and broken connections: whole workers on the real broker.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { cuttingRelay } from './support/cutting-relay.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

const drifted = worldOf([{ name: 'shop', drifted: true, syncMs: 10 }]);

/** Two workers with one id and separate state directories; the second one has taken over. */
async function takenOver(before: (broker: Awaited<ReturnType<typeof onBroker>>) => Promise<void>) {
  const { control } = await simulatedArgoCd(drifted);
  const broker = await onBroker();
  const start = () => startWorker(workerConfig(broker.url, control.url, { stateDir: stateDirectory() }));
  const instance = () => broker.latest('worker/main/info')?.['instance'];
  await start();
  await broker.untilSignal('main', 'drifted');
  await before(broker);
  const first = instance();
  const second = await start();
  await until('the second worker', () => instance() !== first && instance() !== undefined);
  return {
    ...broker,
    control,
    /** Ends the second one; resolves when the first one has taken over. */
    giveBack: async () => {
      await second.stop();
      await until('the first worker to be back', () => instance() === first);
      await until(
        'the first worker to be online',
        () => broker.latest('worker/main/availability')?.['text'] === 'online',
      );
    },
  };
}

it('a freeze of the other process holds after the take-over, for the light and for presses', async () => {
  const { publish, latest, on, result, untilSignal, giveBack, control } = await takenOver(() =>
    Promise.resolve(),
  );
  await publish('freeze/set', '{"frozen": true, "reason": "holiday", "id": "f1"}');
  await until('the answer', () => latest('reply/f1'));
  await untilSignal('main', 'blocked');
  const lights = on('button/main/signal').length;
  await giveBack();
  expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: true, reason: 'holiday' });
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'rejected', reason: 'frozen' });
  expect(await control.syncs()).toEqual([]);
  const shown = on('button/main/signal').slice(lights);
  expect(shown.map(({ signal }) => signal).filter((signal) => signal !== 'blocked')).toEqual([]);
});

it('a freeze that the other process has lifted stays lifted', async () => {
  const { publish, latest, result, giveBack } = await takenOver(async (broker) => {
    await broker.publish('freeze/set', '{"frozen": true, "reason": "holiday", "id": "f1"}');
    await until('the answer', () => broker.latest('reply/f1'));
  });
  await until('the freeze', () => latest('worker/main/freeze/state')?.['frozen'] === true);
  await publish('freeze/set', '{"frozen": false, "id": "f2"}');
  await until('the answer', () => latest('reply/f2'));
  await giveBack();
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
  expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: false });
});

it('the last release stays the last one after a take-over, and its press does not count again', async () => {
  const { publish, latest, untilSignal, result, giveBack, control } = await takenOver(async (broker) => {
    await broker.publish('button/main/press', '{"id": "pa"}');
    await until('the first release', () => broker.latest('worker/main/release/last')?.['pressId'] === 'pa');
  });
  await control.post('world', drifted);
  await untilSignal('main', 'drifted');
  await publish('button/main/press', '{"id": "pb"}');
  await until('the second release', () => latest('worker/main/release/last')?.['pressId'] === 'pb');
  await giveBack();
  await publish('button/main/press', '{"id": "pb", "gesture": "press"}');
  await until('the repetition', () => latest('button/main/result')?.['reason'] === 'duplicate');
  await publish('button/main/press', '{"id": "pc"}');
  await result('main', 'pc');
  expect(latest('worker/main/release/last')?.['pressId']).toBe('pb');
});

it('a freeze on the broker holds although the first connection breaks at once', async () => {
  const { control } = await simulatedArgoCd(drifted);
  const broker = await onBroker();
  await broker.publish('worker/main/freeze/state', '{"frozen": true, "reason": "holiday"}', true);
  const subscribe = 0x82;
  const relay = await cuttingRelay(
    broker.url,
    (data, connection) => connection === 1 && data[0] === subscribe,
  );
  await startWorker(workerConfig(relay.url, control.url, { stateDir: stateDirectory() }));
  await broker.untilSignal('main', 'blocked');
  expect(relay.connections()).toBeGreaterThan(1);
  await broker.publish('button/main/press', '{"id": "p1"}');
  expect(await broker.result('main', 'p1')).toMatchObject({ reason: 'frozen' });
  expect(broker.latest('worker/main/freeze/state')).toMatchObject({ frozen: true, reason: 'holiday' });
});

it('a press has one result, even if the connection broke before its acknowledgement', async () => {
  const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', drifted: false }]));
  const broker = await onBroker();
  let isCut = false;
  const relay = await cuttingRelay(broker.url, (data) => {
    if (isCut || !data.includes('button/main/result')) return false;
    isCut = true;
    return true;
  });
  const stateDir = stateDirectory();
  const config = workerConfig(relay.url, control.url, { stateDir });
  const first = await startWorker(config);
  await broker.untilSignal('main', 'clear');
  await broker.publish('button/main/press', '{"id": "p1"}');
  await broker.result('main', 'p1');
  const journal = () => readFileSync(join(stateDir, 'journal.jsonl'), 'utf8');
  await until('the answer in the journal', () => journal().includes('"answered"'));
  await first.stop();
  const before = broker.on('worker/main/info').length;
  await startWorker(config);
  await until('the next run', () => broker.on('worker/main/info').length > before);
  // Results of an earlier process come before those of new presses.
  await broker.publish('button/main/press', '{"id": "p2"}');
  await broker.result('main', 'p2');
  expect(isCut).toBe(true);
  expect(broker.on('button/main/result').map(({ pressId }) => pressId)).toEqual(['p1', 'p2']);
});

it('a press is rejected if the connection is cut before the worker could read whether releases are frozen', async () => {
  const { control } = await simulatedArgoCd(drifted);
  const broker = await onBroker();
  const relay = await cuttingRelay(
    broker.url,
    () => false,
    (data) => data.includes('"p1"'),
  );
  const stateDir = stateDirectory();
  await startWorker(workerConfig(relay.url, control.url, { stateDir }));
  await broker.untilSignal('main', 'drifted');
  // With this answer, the worker knows whose presses are whose. Until then it leaves a press alone if it is cut off.
  await broker.publish('button/nobodys/press', '{"id": "p0"}');
  await broker.result('nobodys', 'p0');
  // A press with `only` waits for others of its kind. Meanwhile the connection is cut.
  await broker.publish('button/main/press', '{"id": "p1", "only": ["argocd/shop"]}');
  const journal = () => readFileSync(join(stateDir, 'journal.jsonl'), 'utf8');
  await until('the decision', () => journal().includes('"p1"'));
  expect(broker.on('button/main/result')).toEqual([]);

  relay.open();
  expect(await broker.result('main', 'p1')).toMatchObject({
    outcome: 'rejected',
    reason: 'broker-unreachable',
    message: expect.stringContaining('press again'),
  });
  await broker.publish('button/main/press', '{"id": "p2"}');
  expect(await broker.result('main', 'p2')).toMatchObject({ outcome: 'accepted' });
  await until('its end', () => broker.latest('worker/main/release/last')?.['pressId'] === 'p2');
  expect(broker.on('button/main/result').map(({ pressId }) => pressId)).toEqual(['p1', 'p2']);
  expect(await control.syncs()).toHaveLength(1);
});
