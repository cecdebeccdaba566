// Freeze, terminate, rollback, waves and refresh with whole workers: real broker, real link, real files.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ButtonConfig } from '../../release-worker/buttons.ts';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { button } from './support/buttons.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };
const till = { name: 'till', drifted: true, syncMs: 20 };

async function working(
  applications: Parameters<typeof worldOf>[0],
  options: {
    readonly buttons?: readonly ButtonConfig[];
    readonly stateDir?: string;
    readonly appTimeoutMs?: number;
    readonly before?: (publish: Awaited<ReturnType<typeof onBroker>>['publish']) => Promise<void>;
  } = {},
) {
  const { control } = await simulatedArgoCd(worldOf(applications));
  const broker = await onBroker();
  await options.before?.(broker.publish);
  const stateDir = options.stateDir ?? stateDirectory();
  const config = workerConfig(broker.url, control.url, {
    stateDir,
    ...(options.buttons === undefined ? {} : { buttons: options.buttons }),
  });
  const { appTimeoutMs = config.worker.release.appTimeoutMs } = options;
  await startWorker({
    ...config,
    worker: { ...config.worker, release: { ...config.worker.release, appTimeoutMs } },
  });
  await until('the worker', () => broker.latest('worker/main/availability')?.['text'] === 'online');
  await until('the first look', () => {
    const signal = broker.latest('button/main/signal')?.['signal'];
    return signal !== undefined && signal !== 'unknown';
  });
  await until('the word on the freeze', () => broker.latest('worker/main/freeze/state'));
  let asked = 0;
  return {
    ...broker,
    control,
    stateDir,
    press: async (about: Record<string, unknown> = {}, id = 'main') => {
      asked += 1;
      await broker.publish(`button/${id}/press`, JSON.stringify({ id: `p${asked}`, ...about }));
      return broker.result(id, `p${asked}`);
    },
    ask: async (topic: 'freeze/set' | 'worker/main/terminate', request: Record<string, unknown>) => {
      asked += 1;
      const id = `r${asked}`;
      await broker.publish(topic, JSON.stringify({ id, ...request }));
      return until(`the reply to ${id}`, () => broker.latest(`reply/${id}`));
    },
  };
}

describe('the freeze file', () => {
  it('that is corrupt freezes everything, is named in the reason, and is repaired by unfreezing', async () => {
    const stateDir = stateDirectory();
    writeFileSync(join(stateDir, 'freeze.json'), '\u0000\u0000');
    const { press, ask, latest, control, untilSignal } = await working([shop], { stateDir });
    await untilSignal('main', 'blocked');
    expect(latest('button/main/signal')?.['reason']).toContain('freeze.json');
    expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: true });
    expect(await press()).toMatchObject({
      reason: 'frozen',
      message: expect.stringContaining('worker.stateDir'),
    });
    expect(await control.syncs()).toEqual([]);
    expect(await ask('freeze/set', { frozen: false })).toMatchObject({ ok: true });
    expect(await press()).toMatchObject({ outcome: 'accepted' });
  });

  it('that is not writable: a freeze holds with a warning, and lifting it is refused until it is writable', async () => {
    const { stateDir, press, ask, latest } = await working([shop]);
    // Even with all rights, a directory cannot be opened as a file.
    const inTheWay = join(stateDir, 'freeze.json.new');
    mkdirSync(inTheWay);
    expect(await ask('freeze/set', { frozen: true, reason: 'the sale' })).toMatchObject({
      ok: true,
      message: expect.stringMatching(
        /frozen: the sale.*worker\.stateDir.*a restart of the worker forgets it/,
      ),
    });
    expect(await ask('freeze/set', { frozen: false })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^still frozen: .*worker\.stateDir/),
    });
    expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: true, reason: 'the sale' });
    expect(await press()).toMatchObject({ reason: 'frozen' });
    rmSync(inTheWay, { recursive: true });
    expect(await ask('freeze/set', { frozen: false })).toMatchObject({ ok: true });
    expect(await press()).toMatchObject({ outcome: 'accepted' });
  });
});

describe('retained requests', () => {
  it('are cleared on the broker and not obeyed, even if they were there before the worker', async () => {
    const { heard, latest, publish, press, ask, untilSignal } = await working(
      [{ ...shop, hookNeverEnds: true }],
      {
        before: async (publish) => {
          await publish('freeze/set', 'on', true);
          await publish('worker/main/terminate', '{"id": "old"}', true);
        },
      },
    );
    const cleared = (topic: string, times: number) =>
      until(
        `${topic} to be cleared`,
        () => heard.filter((one) => one.topic === topic && one.text === '').length === times,
      );
    await cleared('freeze/set', 1);
    await cleared('worker/main/terminate', 1);
    await untilSignal('main', 'drifted');
    expect(await press()).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'releasing');
    await publish('worker/main/terminate', '{"id": "live"}', true);
    await publish('freeze/set', '{"id": "live", "frozen": true}', true);
    await cleared('worker/main/terminate', 2);
    await cleared('freeze/set', 2);
    // A later message is answered, so the earlier ones have been processed.
    expect(await ask('freeze/set', { frozen: true, button: 'nobodys' })).toMatchObject({ ok: false });
    expect(await ask('worker/main/terminate', { app: 'argocd/nobodys' })).toMatchObject({ ok: false });
    expect(latest('button/main/signal')).toMatchObject({ signal: 'releasing' });
    expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: false });
    expect([latest('reply/live'), latest('reply/old'), latest('worker/main/release/last')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('malformed and hostile requests', () => {
  it('freeze nothing, end nothing, and are answered below `reply/` only', async () => {
    const { url, heard, ask, latest, press } = await working([shop]);
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync(true));
    const send = (topic: string, payload: string | Buffer, responseTopic: string) =>
      client.publishAsync(`release-button/${topic}`, payload, {
        qos: 1,
        properties: { responseTopic: responseTopic, correlationData: Buffer.from('mine') },
      });
    const payloads: readonly (readonly [string, string | Buffer])[] = [
      ['freeze/set', JSON.stringify({ frozen: true, reason: 'x'.repeat(201) })],
      ['freeze/set', JSON.stringify({ frozen: true, until: '2020-01-01T00:00:00Z' })],
      ['freeze/set', JSON.stringify({ frozen: true, button: 'nobodys' })],
      ['freeze/set', JSON.stringify({ frozen: true, button: '__proto__' })],
      ['freeze/set', JSON.stringify({ frozen: 'true' })],
      ['freeze/set', '{"frozen": tr'],
      ['freeze/set', '[true]'],
      ['freeze/set', 'ON'],
      ['freeze/set', Buffer.from([0xff, 0xfe, 0x00])],
      ['worker/main/terminate', 'everything'],
      ['worker/main/terminate', '{"app": "../shop"}'],
      ['worker/main/terminate', Buffer.from([0xff])],
    ];
    for (const [index, [topic, payload]] of payloads.entries()) {
      await send(topic, payload, `release-button/reply/hostile-${index}`);
      expect(
        await until(`an answer to ${String(payload)}`, () => latest(`reply/hostile-${index}`)),
      ).toMatchObject({ ok: false });
    }
    const elsewhere = ['release-button/button/main/press', 'release-button/reply/a/b', 'other/reply/x'];
    for (const topic of elsewhere) await send('freeze/set', '{"id": "there", "frozen": false}', topic);
    await until('the answers by id', () => heard.filter(({ topic }) => topic === 'reply/there').length === 3);
    expect(heard.filter(({ topic }) => topic.endsWith('/press') || topic.startsWith('reply/a/'))).toEqual([]);

    expect(
      await ask('freeze/set', { frozen: true, until: new Date(Date.now() + 60_000).toISOString() }),
    ).toMatchObject({ ok: true });
    expect(await press()).toMatchObject({ reason: 'frozen' });
  });
});

describe('terminating', () => {
  it('one application of two releases does not end the others', async () => {
    const { press, ask, on, latest, control, untilSignal } = await working(
      [
        { ...shop, hookNeverEnds: true },
        { ...till, hookNeverEnds: true },
      ],
      {
        buttons: [
          button({ id: 'main', select: { names: ['shop'] } }),
          button({ id: 'other', select: { names: ['till'] } }),
        ],
      },
    );
    await untilSignal('other', 'drifted');
    expect(await press()).toMatchObject({ outcome: 'accepted' });
    expect(await press({}, 'other')).toMatchObject({ outcome: 'accepted' });
    await until('both syncs', async () => (await control.syncs()).length === 2);
    expect(await ask('worker/main/terminate', { app: 'argocd/till' })).toMatchObject({
      ok: true,
      message: expect.stringContaining('terminating 1 application of the running release'),
    });
    await untilSignal('other', 'failed');
    expect(latest('worker/main/release/last')).toMatchObject({
      button: 'other',
      apps: [{ outcome: 'terminated' }],
    });
    expect(latest('button/main/signal')).toMatchObject({ signal: 'releasing' });
    expect(await ask('worker/main/terminate', {})).toMatchObject({ ok: true });
    await untilSignal('main', 'failed');
    expect(on('worker/main/release').filter(({ event }) => event === 'finished')).toHaveLength(2);
    expect(await ask('worker/main/terminate', {})).toMatchObject({ ok: false });
  });
});

describe('a rollback', () => {
  const both = [button({ on: { press: 'release', hold: 'rollback' }, coolDownMs: 0 })];

  it('whose end was not seen in time freezes the button too, since it may still succeed', async () => {
    const { press, control, latest, untilSignal } = await working([shop], {
      buttons: both,
      appTimeoutMs: 1_500,
    });
    expect(await press()).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'succeeded');
    await control.post('world', { adjust: [{ name: 'shop', syncMs: 60_000 }] });
    expect(await press({ gesture: 'hold' })).toMatchObject({ outcome: 'accepted' });
    await until('its end', () => latest('worker/main/release/last')?.['action'] === 'rollback');
    expect(latest('worker/main/release/last')).toMatchObject({ apps: [{ outcome: 'timed-out' }] });
    expect(latest('worker/main/freeze/state')).toMatchObject({
      buttons: { main: { reason: expect.stringContaining('rollback') } },
    });
    expect(await press()).toMatchObject({ reason: 'frozen' });
  });

  it('that failed freezes nothing: it may be tried again', async () => {
    const { press, control, latest, untilSignal } = await working([shop], { buttons: both });
    expect(await press()).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'succeeded');
    await control.post('world', { adjust: [{ name: 'shop', fails: { phase: 'Failed', message: 'no' } }] });
    expect(await press({ gesture: 'hold' })).toMatchObject({ outcome: 'accepted' });
    await until('its end', () => latest('worker/main/release/last')?.['action'] === 'rollback');
    expect(latest('worker/main/release/last')).toMatchObject({ outcome: 'failed' });
    expect(latest('worker/main/freeze/state')).toEqual({ frozen: false });
  });
});

it('releases in the waves of the button', async () => {
  const { press, on, untilSignal } = await working([shop, till], {
    buttons: [button({ waves: [['till'], ['argocd/shop']] })],
  });
  expect(await press()).toMatchObject({ outcome: 'accepted' });
  await untilSignal('main', 'succeeded');
  const steps = on('worker/main/release').filter(({ app }) => app !== undefined);
  expect(steps.map(({ event, app }) => [event, app])).toEqual([
    ['app-started', 'argocd/till'],
    ['app-finished', 'argocd/till'],
    ['app-started', 'argocd/shop'],
    ['app-finished', 'argocd/shop'],
  ]);
});

it('refreshes by a gesture, also while frozen, and releases nothing', async () => {
  const { press, ask, control, untilSignal } = await working([{ name: 'shop' }], {
    buttons: [button({ on: { press: 'release', double: 'refresh' }, coolDownMs: 0 })],
  });
  await ask('freeze/set', { frozen: true, reason: 'the sale' });
  await control.post('drift', { app: 'shop', noticed: false });
  expect(await press({ gesture: 'double' })).toMatchObject({ outcome: 'accepted', applications: 1 });
  await untilSignal('main', 'blocked');
  await ask('freeze/set', { frozen: false });
  await untilSignal('main', 'drifted');
  expect(await control.syncs()).toEqual([]);
});
