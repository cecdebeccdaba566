// Whole workers: the outcome of a press while Argo CD is busy with something else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import type { ButtonConfig } from '../../release-worker/buttons.ts';
import { button } from './support/buttons.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

describe('push and press at once, on an application with automated sync', () => {
  it.each([
    ['before Argo CD has noticed the commit', false],
    ['when Argo CD has begun', true],
  ])('%s, succeed', async (_, noticed) => {
    const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', automated: true, syncMs: 2_000 }]));
    const { url, publish, result, untilSignal, latest } = await onBroker();
    await startWorker(workerConfig(url, control.url, { stateDir: stateDirectory() }));
    await untilSignal('main', 'clear');
    await control.post('drift', { app: 'shop', noticed });
    await publish('button/main/press', '{"id": "p1"}');
    expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'succeeded');
    expect(latest('worker/main/release/last')).toMatchObject({
      outcome: 'succeeded',
      apps: [{ outcome: 'in-sync' }],
    });
  });
});

const releasing = async (world: unknown, over: Partial<ButtonConfig> = {}) => {
  const { argocd, control } = await simulatedArgoCd(world);
  const broker = await onBroker();
  const stateDir = stateDirectory();
  const start = (dir = stateDir) => {
    const buttons = [button({ coolDownMs: 0, ...over })];
    const config = workerConfig(broker.url, control.url, { stateDir: dir, buttons });
    const release = { ...config.worker.release, appTimeoutMs: 1_500 };
    return startWorker({ ...config, worker: { ...config.worker, release } });
  };
  const worker = await start();
  await broker.untilSignal('main', 'drifted');
  const timeOut = async () => {
    await broker.publish('button/main/press', '{"id": "p1"}');
    await until('the time-out', () => broker.latest('worker/main/release/last')?.['outcome'] === 'timed-out');
    await broker.untilSignal('main', 'failed');
  };
  return {
    ...broker,
    argocd,
    control,
    worker,
    start,
    timeOut,
    journal: () => readFileSync(join(stateDir, 'journal.jsonl'), 'utf8'),
    reply: async (id: string) => until(`the reply to ${id}`, () => broker.latest(`reply/${id}`)),
    phase: async () => (await argocd.get({ namespace: 'argocd', name: 'shop', project: 'default' })).phase,
  };
};

it('presses for one application each at the same moment become one release that syncs each of them once', async () => {
  const names = ['shop', 'desk', 'till', 'bare'];
  const world = worldOf(names.map((name) => ({ name, drifted: true, syncMs: 20 })));
  const { publish, result, latest, on, control, journal } = await releasing(world, {
    coolDownMs: 2_000,
    waves: [['till'], ['shop']],
  });
  const named = names.slice(0, 3);
  await Promise.all(
    named.map((name) => publish('button/main/press', JSON.stringify({ id: name, only: [`argocd/${name}`] }))),
  );
  const results = await Promise.all(named.map((name) => result('main', name)));
  const [releaseId] = results.map((one) => one['releaseId']);
  expect(results).toMatchObject(named.map(() => ({ outcome: 'accepted', releaseId, applications: 1 })));
  await until('its end', () => latest('worker/main/release/last')?.['outcome'] === 'succeeded');
  expect(latest('worker/main/release/last')).toMatchObject({ id: releaseId });
  const syncs = (await control.syncs()).map(({ name }) => name);
  expect([...syncs].sort()).toEqual(['desk', 'shop', 'till']);
  expect(syncs.slice(0, 2)).toEqual(['till', 'shop']);
  expect(on('button/main/result').length).toBe(3);
  expect(journal().split('"type":"finished"').length).toBe(2);
});

describe('a sync that continues after its release has timed out', () => {
  const hanging = { name: 'shop', drifted: true, hookNeverEnds: true, syncMs: 20 };
  const stillRuns =
    /the sync of release [0-9a-f-]+ \(timed out at .+\) is still running; `release-button terminate --app argocd\/shop` ends it/;

  it.each([
    ['at once', false],
    ['after a restart', true],
  ])('is recognized as ours and can be ended, %s', async (_, restarted) => {
    const { worker, start, timeOut, publish, result, latest, reply, phase, journal, control } =
      await releasing(worldOf([hanging]));
    await timeOut();
    expect(latest('worker/main/release/last')).toMatchObject({
      apps: [
        { message: expect.stringMatching(/may still carry out the sync.*terminate --app argocd\/shop/) },
      ],
    });
    if (restarted) {
      await worker.stop();
      await until('offline', () => latest('worker/main/availability')?.['text'] === 'offline');
      await start();
      await until('online', () => latest('worker/main/availability')?.['text'] === 'online');
    }
    await publish('button/main/press', '{"id": "p2"}');
    expect(await result('main', 'p2')).toMatchObject({
      outcome: 'rejected',
      reason: 'in-progress',
      message: expect.stringMatching(stillRuns),
    });
    await publish('worker/main/terminate', '{"id": "t1"}');
    expect(await reply('t1')).toMatchObject({
      ok: true,
      message: expect.stringMatching(
        /^terminating the sync of 1 application that release [0-9a-f-]+ has left$/,
      ),
    });
    await until('the correction', () => latest('worker/main/release/last')?.['outcome'] === 'failed');
    expect(latest('worker/main/release/last')).toMatchObject({
      pressId: 'p1',
      apps: [{ outcome: 'terminated' }],
    });
    expect(await phase()).toBe('Failed');
    expect(journal()).toMatch(/"type":"late".*"outcome":"terminated".*"release":"failed"/);
    await publish('worker/main/terminate', '{"id": "t2"}');
    expect(await reply('t2')).toMatchObject({ ok: false });

    await control.post('world', { adjust: [{ name: 'shop', hookNeverEnds: false }] });
    await publish('button/main/press', '{"id": "p3"}');
    expect(await result('main', 'p3')).toMatchObject({ outcome: 'accepted' });
    await until('the next release', () => latest('worker/main/release/last')?.['outcome'] === 'succeeded');
    expect((await control.syncs()).length).toBe(2);
  });

  it('corrects the light, even if another release of the button has begun meanwhile', async () => {
    const { publish, result, latest, reply } = await releasing(
      worldOf([hanging, { name: 'desk', drifted: true, syncMs: 20 }]),
    );
    await publish('button/main/press', '{"id": "p1", "only": ["argocd/shop"]}');
    await result('main', 'p1');
    await publish('button/main/press', '{"id": "p2", "only": ["argocd/desk"]}');
    expect(await result('main', 'p2')).toMatchObject({ outcome: 'accepted' });
    await until('the time-out', () => latest('worker/main/release/last')?.['outcome'] === 'timed-out');
    expect(latest('worker/main/release/last')).toMatchObject({ pressId: 'p1' });
    await publish('worker/main/terminate', '{"id": "t1"}');
    expect(await reply('t1')).toMatchObject({ ok: true });
    const reason = () => String(latest('button/main/signal')?.['reason']);
    await until('the corrected reason', () => reason().endsWith('argocd/shop: the sync was terminated'));
  });

  it('can be ended by its name, even if the journal is lost', async () => {
    const { worker, start, timeOut, publish, reply, phase, result, untilSignal, latest } = await releasing(
      worldOf([hanging]),
    );
    await timeOut();
    await worker.stop();
    await until('offline', () => latest('worker/main/availability')?.['text'] === 'offline');
    await start(stateDirectory());
    await until('online', () => latest('worker/main/availability')?.['text'] === 'online');
    await untilSignal('main', 'drifted');
    await publish('button/main/press', '{"id": "p2"}');
    expect(await result('main', 'p2')).toMatchObject({
      reason: 'in-progress',
      message: expect.stringMatching(/the sync of release [0-9a-f-]+ is still running/),
    });
    await publish('worker/main/terminate', '{"id": "t1"}');
    expect(await reply('t1')).toMatchObject({ ok: false });
    await publish('worker/main/terminate', '{"id": "t2", "app": "argocd/shop"}');
    expect(await reply('t2')).toMatchObject({ ok: true });
    await until('its end', async () => (await phase()) === 'Failed');
  });

  describe('because the controller was down', () => {
    const waiting = () =>
      releasing(worldOf([{ name: 'shop', drifted: true, syncMs: 20 }]), { refresh: 'none' });

    it.each([
      ['while the worker runs', false],
      ['while the worker is away', true],
    ])('and is carried out late, %s, corrects the report', async (_, away) => {
      const { worker, start, timeOut, publish, result, latest, control, journal, phase, on, reply } =
        await waiting();
      await control.post('faults', { controllerDown: true });
      await timeOut();
      await publish('button/main/press', '{"id": "p2"}');
      expect(await result('main', 'p2')).toMatchObject({
        reason: 'in-progress',
        message: expect.stringMatching(/is still pending in Argo CD, which may carry it out/),
      });
      await publish('freeze/set', '{"id": "f1", "frozen": true, "reason": "night"}');
      expect(await reply('f1')).toMatchObject({
        ok: true,
        message: expect.stringMatching(
          /still running despite the freeze: argocd\/shop of release [0-9a-f-]+ \(timed out at .+\) is pending in Argo CD \(`release-button terminate` ends it\)/,
        ),
      });
      await publish('freeze/set', '{"id": "f2", "frozen": false}');
      expect((await reply('f2'))['message']).not.toContain('going on');
      if (away) await worker.stop();
      await control.post('faults', { controllerDown: false });
      await until('the sync', async () => (await phase()) === 'Succeeded');
      if (away) await start();
      await until('the correction', () => latest('worker/main/release/last')?.['outcome'] === 'succeeded');
      expect(latest('worker/main/release/last')).toMatchObject({
        pressId: 'p1',
        apps: [{ outcome: 'in-sync' }],
      });
      await until('the light', () => {
        const signals = on('button/main/signal').map(({ signal }) => signal);
        return signals.lastIndexOf('succeeded') > signals.lastIndexOf('failed');
      });
      expect(journal()).toMatch(/"type":"late".*"good":true,"release":"succeeded"/);
      expect((await control.syncs()).length).toBe(1);
    });

    it('cannot be ended before Argo CD begins, but then it can', async () => {
      const { timeOut, publish, reply, control, latest, phase } = await waiting();
      await control.post('world', { adjust: [{ name: 'shop', hookNeverEnds: true }] });
      await control.post('faults', { controllerDown: true });
      await timeOut();
      await publish('worker/main/terminate', '{"id": "t1"}');
      expect(await reply('t1')).toMatchObject({
        ok: true,
        message: expect.stringMatching(/Argo CD has not started argocd\/shop and cannot terminate it before/),
      });
      expect(await phase()).toBe('Pending');
      await control.post('faults', { controllerDown: false });
      await until('the correction', () => latest('worker/main/release/last')?.['outcome'] === 'failed');
      expect(latest('worker/main/release/last')).toMatchObject({ apps: [{ outcome: 'terminated' }] });
    });
  });
});

describe('a second rollback', () => {
  it.each([
    ['at once', false],
    ['after a restart', true],
  ])('does not deploy again what was rolled back, %s', async (_, restarted) => {
    const { worker, start, publish, result, latest, reply, control } = await releasing(
      worldOf([
        { name: 'blog', drifted: true, syncMs: 20 },
        { name: 'shop', drifted: true, syncMs: 20 },
      ]),
      { on: { press: 'release', hold: 'rollback' } },
    );
    const ended = (pressId: string) =>
      until(`the end of ${pressId}`, () => latest('worker/main/release/last')?.['pressId'] === pressId);
    const back = (id: string) => publish('button/main/press', JSON.stringify({ id, gesture: 'hold' }));
    const lift = async (id: string) => {
      await publish('freeze/set', JSON.stringify({ id, frozen: false }));
      expect(await reply(id)).toMatchObject({ ok: true });
    };
    await publish('button/main/press', '{"id": "p1"}');
    await ended('p1');
    await back('p2');
    await ended('p2');
    expect(latest('worker/main/release/last')).toMatchObject({ action: 'rollback', outcome: 'succeeded' });
    await lift('f1');
    if (restarted) {
      await worker.stop();
      await until('offline', () => latest('worker/main/availability')?.['text'] === 'offline');
      await start();
      await until('online', () => latest('worker/main/availability')?.['text'] === 'online');
    }
    await back('p3');
    expect(await result('main', 'p3')).toMatchObject({
      outcome: 'nothing-to-release',
      message:
        'nothing to roll back: argocd/blog: it has already been rolled back to 1111111, and a second rollback would deploy 2222222 again, argocd/shop: it has already been rolled back to 1111111, and a second rollback would deploy 2222222 again. To release, unfreeze the button and press; to go back further, revert in Git or use the history in Argo CD',
    });
    expect((await control.syncs()).length).toBe(4);

    await publish('button/main/press', '{"id": "p4"}');
    await ended('p4');
    await back('p5');
    expect(await result('main', 'p5')).toMatchObject({ outcome: 'accepted' });
    await ended('p5');
  });
});
