// Freeze, terminate and an interrupted rollback, requested from whole workers: real broker, real files, simulated Argo CD.
import { readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JournalLine } from '../../release-worker/releases/journal-lines.ts';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { button } from './support/buttons.ts';
import { newCommit, oldCommit } from './support/records.ts';
import { linesOf, planned, releaseOf } from './support/releases.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };

async function arrange(
  options: {
    readonly applications?: Parameters<typeof worldOf>[0];
    readonly buttons?: Parameters<typeof workerConfig>[2]['buttons'];
    readonly stateDir?: string;
    readonly before?: (broker: Awaited<ReturnType<typeof onBroker>>) => Promise<void>;
  } = {},
) {
  const { control } = await simulatedArgoCd(worldOf(options.applications ?? [shop]));
  const broker = await onBroker();
  const stateDir = options.stateDir ?? stateDirectory();
  await options.before?.(broker);
  const { buttons } = options;
  const config = workerConfig(broker.url, control.url, {
    stateDir,
    ...(buttons === undefined ? {} : { buttons }),
  });
  const worker = await startWorker(config);
  await until('the worker', () => broker.latest('worker/main/availability')?.['text'] === 'online');
  let asked = 0;
  return {
    ...broker,
    control,
    config,
    worker,
    onDisk: (): unknown => JSON.parse(readFileSync(join(stateDir, 'freeze.json'), 'utf8')),
    ask: async (topic: string, request: object) => {
      const id = `ask-${(asked += 1)}`;
      await broker.publish(topic, JSON.stringify({ id, ...request }));
      return until(`the reply ${id}`, () => broker.latest(`reply/${id}`));
    },
    press: async (id: string, on = 'main') => {
      await broker.publish(`button/${on}/press`, JSON.stringify({ id }));
      return broker.result(on, id);
    },
  };
}

describe('a freeze.json that cannot be read', () => {
  it('freezes every button, is named in the reason, and is replaced by the next request', async () => {
    const stateDir = stateDirectory();
    writeFileSync(join(stateDir, 'freeze.json'), '\0\0\0\0');
    const { press, ask, latest, untilSignal, onDisk } = await arrange({ stateDir });
    await untilSignal('main', 'blocked');
    expect(latest('button/main/signal')?.['reason']).toMatch(/freeze\.json/);
    expect(await press('p1')).toMatchObject({
      reason: 'frozen',
      message: expect.stringMatching(/freeze\.json.*unfreeze/),
    });
    expect(await ask('freeze/set', { frozen: false })).toMatchObject({ ok: true });
    expect(onDisk()).toMatchObject({ frozen: false, changedAt: expect.any(String), causes: [] });
    expect(await press('p2')).toMatchObject({ outcome: 'accepted' });
  });
});

describe('a full disk', () => {
  it('keeps a freeze from being stored, but not from holding, and prevents unfreezing until there is room', async () => {
    const stateDir = stateDirectory();
    const { press, ask, untilSignal, latest } = await arrange({ stateDir });
    await untilSignal('main', 'drifted');
    const room = join(stateDir, 'freeze.json.new');
    symlinkSync('/dev/full', room);
    expect(await ask('freeze/set', { frozen: true, reason: 'the sale' })).toMatchObject({
      ok: true,
      message: expect.stringMatching(/the sale.*ENOSPC.*a restart of the worker forgets it/),
    });
    expect(await press('p1')).toMatchObject({ reason: 'frozen' });
    expect(await ask('freeze/set', { frozen: false })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/still frozen.*ENOSPC/),
    });
    expect(await press('p2')).toMatchObject({ reason: 'frozen' });
    expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: true, reason: 'the sale' });

    unlinkSync(room);
    expect(await ask('freeze/set', { frozen: false })).toMatchObject({ ok: true });
    expect(await press('p3')).toMatchObject({ outcome: 'accepted' });
  });
});

describe('a retained request', () => {
  it.each([
    ['freeze/set', 'on'],
    ['freeze/set', '{"frozen": tr'],
    ['worker/main/terminate', '{"id": "t1"}'],
    ['worker/main/terminate', 'now'],
  ])('is not obeyed but cleared on the broker, whether found or new: %s %s', async (topic, payload) => {
    const { publish, heard, latest, untilSignal, press, on } = await arrange({
      applications: [{ ...shop, hookNeverEnds: true }],
      before: ({ publish }) => publish(topic, payload, true),
    });
    const cleared = () => heard.filter((one) => one.topic === topic && one.text === '').length;
    await until('the found one to be cleared', () => cleared() === 1);
    await untilSignal('main', 'drifted');
    expect(await press('p1')).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'releasing');
    await publish(topic, payload, true);
    await until('the live one to be cleared', () => cleared() === 2);
    // Answered after the other request, so that one has taken effect by now.
    await press('p2');
    await until('the freeze to be said', () => latest('worker/main/freeze/state'));
    expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: false });
    expect(on('reply/t1')).toEqual([]);
    expect(latest('worker/main/release/last')).toBeUndefined();
  });
});

describe('a request', () => {
  it('is answered at its response topic with its correlation data, and nowhere else but below reply/', async () => {
    const { request, heard, latest, ask } = await arrange();
    await request('freeze/set', '{"frozen": true}', 'release-button/reply/mine', 'data 1');
    await until('the reply', () => latest('reply/mine'));
    expect(heard.find(({ topic }) => topic === 'reply/mine')).toMatchObject({ correlation: 'data 1' });

    const elsewhere = [
      'release-button/button/main/press',
      'release-button/freeze/set',
      'release-button/reply',
      'release-button/reply/a/b',
      'other/reply/x',
    ];
    const before = heard.length;
    for (const topic of elsewhere) await request('worker/main/terminate', '{}', topic);
    for (const topic of elsewhere) await request('freeze/set', 'perhaps', topic);
    await ask('worker/main/terminate', {});
    const came = heard.slice(before).map(({ topic }) => topic);
    expect(came.filter((topic) => /reply|press|result/.test(topic))).toEqual(['reply/ask-1']);
    // The client's own messages.
    expect(came.filter((topic) => topic === 'freeze/set')).toHaveLength(elsewhere.length);
  });

  it('that is garbage changes nothing and ends nothing', async () => {
    const { publish, ask, press, latest, untilSignal } = await arrange();
    await untilSignal('main', 'drifted');
    const garbage = [
      '{',
      '[]',
      '{}',
      'null',
      '{"frozen": 1}',
      '{"frozen": true, "until": "2020-01-01T00:00:00Z"}',
      '{"frozen": true, "until": 1}',
      `{"frozen": true, "reason": "${'x'.repeat(201)}"}`,
      '{"frozen": true, "button": "garden"}',
      '{"frozen": true, "button": "__proto__"}',
      '{"frozen": true, "id": "a/b\u0000"}',
      'x'.repeat(100_000),
      '{"frozen": true, "__proto__": {"button": "main"}, "id": 7}',
    ];
    for (const payload of garbage)
      for (const topic of ['freeze/set', 'worker/main/terminate', 'history/get'])
        await publish(topic, payload);
    expect(
      await ask('freeze/set', { frozen: true, until: new Date(Date.now() - 1).toISOString() }),
    ).toMatchObject({ ok: false, message: expect.stringContaining('has already passed') });
    expect(await ask('freeze/set', { frozen: true, button: 'garden' })).toMatchObject({ ok: false });
    expect(
      await ask('freeze/set', { frozen: false, until: new Date(Date.now() + 3_600_000).toISOString() }),
    ).toMatchObject({ ok: false, message: expect.stringContaining('only a freeze can have an end') });
    await until('the freeze to be said', () => latest('worker/main/freeze/state'));
    expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: false });
    expect(await press('p1')).toMatchObject({ outcome: 'accepted' });
  });
});

describe('terminating', () => {
  it('one application of two releases does not affect the other release', async () => {
    const endless = (name: string) => ({ name, drifted: true, hookNeverEnds: true });
    const { press, ask, untilSignal, on, latest, control } = await arrange({
      applications: [endless('shop'), endless('till')],
      buttons: [
        button({ select: { names: ['shop'] } }),
        button({ id: 'other', select: { names: ['till'] } }),
      ],
    });
    await untilSignal('main', 'drifted');
    await untilSignal('other', 'drifted');
    await press('p1');
    await press('p2', 'other');
    await until('both to be sent', async () => (await control.syncs()).length === 2);

    expect(await ask('worker/main/terminate', { app: 'argocd/till' })).toMatchObject({
      ok: true,
      // Argo CD may not have started it yet, and then the reply says that too.
      message: expect.stringMatching(/^terminating 1 application of the running release/),
    });
    await untilSignal('other', 'failed');
    expect(latest('worker/main/release/last')).toMatchObject({
      pressId: 'p2',
      apps: [{ outcome: 'terminated' }],
    });
    expect(on('button/main/signal').at(-1)).toMatchObject({ signal: 'releasing' });
    expect(await ask('worker/main/terminate', { app: 'argocd/till' })).toMatchObject({ ok: false });

    expect(await ask('worker/main/terminate', {})).toMatchObject({ ok: true });
    await untilSignal('main', 'failed');
    expect(latest('worker/main/release/last')).toMatchObject({
      pressId: 'p1',
      apps: [{ outcome: 'terminated' }],
    });
    expect(await control.syncs()).toHaveLength(2);
  });
});

it('the freeze of a button is answered by the worker that has it, and by no other', async () => {
  const { ask, on, url, control, latest } = await arrange();
  await startWorker(
    workerConfig(url, control.url, {
      id: 'two',
      stateDir: stateDirectory(),
      buttons: [button({ id: 'till' })],
    }),
  );
  await until('the second worker', () => latest('worker/two/availability')?.['text'] === 'online');
  expect(await ask('freeze/set', { frozen: true, button: 'till' })).toMatchObject({ ok: true });
  // Both workers answer this request, after the previous one.
  expect(await ask('freeze/set', { frozen: false })).toMatchObject({ ok: true });
  await until('both', () => on('reply/ask-2').length === 2);
  expect(on('reply/ask-1')).toHaveLength(1);
});

describe('a rollback whose worker was killed', () => {
  const back = releaseOf([planned('shop', { from: newCommit, to: oldCommit })], {
    action: 'rollback',
    settings: { refresh: 'none' },
  });
  const rolledBack = {
    name: 'shop',
    deployed: [oldCommit],
    history: [
      { id: 0, revisions: [newCommit] },
      { id: 1, revisions: [oldCommit] },
    ],
  };
  const after = (lines: readonly JournalLine[]) => {
    const stateDir = stateDirectory();
    writeFileSync(join(stateDir, 'journal.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return arrange({ stateDir, applications: [rolledBack] });
  };

  it('after its end and before the freeze, freezes the button', async () => {
    const { latest, untilSignal, press, control } = await after(linesOf(back).slice(0, -1));
    await until('the end', () => latest('worker/main/release/last'));
    expect(latest('worker/main/release/last')).toMatchObject({ action: 'rollback', outcome: 'succeeded' });
    await until('the freeze', () => latest('worker/main/freeze/state')?.['buttons']);
    expect(latest('worker/main/freeze/state')).toMatchObject({
      buttons: { main: { reason: 'rolled back' } },
    });
    await untilSignal('main', 'blocked');
    expect(await press('p2')).toMatchObject({ reason: 'frozen' });
    expect(await control.syncs()).toEqual([]);
  });

  it('before it was sent, is interrupted and freezes nothing', async () => {
    const { latest, control } = await after(linesOf(back).slice(0, 2));
    await until('the end', () => latest('worker/main/release/last'));
    expect(latest('worker/main/release/last')).toMatchObject({ action: 'rollback', outcome: 'interrupted' });
    await until('the freeze to be said', () => latest('worker/main/freeze/state'));
    expect(latest('worker/main/freeze/state')).toMatchObject({ frozen: false });
    expect(await control.syncs()).toEqual([]);
  });
});

it('a rollback still freezes if the disk is full', async () => {
  const stateDir = stateDirectory();
  symlinkSync('/dev/full', join(stateDir, 'freeze.json.new'));
  const { publish, press, untilSignal, latest, result } = await arrange({
    stateDir,
    buttons: [button({ coolDownMs: 0, on: { press: 'release', hold: 'rollback' } })],
  });
  await untilSignal('main', 'drifted');
  await press('p1');
  await untilSignal('main', 'succeeded');
  await publish('button/main/press', '{"id": "p2", "gesture": "hold"}');
  expect(await result('main', 'p2')).toMatchObject({ outcome: 'accepted' });
  await until('the end', () => latest('worker/main/release/last')?.['action'] === 'rollback');
  expect(latest('worker/main/release/last')).toMatchObject({ outcome: 'succeeded' });
  expect(latest('worker/main/freeze/state')).toMatchObject({ buttons: { main: { reason: 'rolled back' } } });
  expect(await press('p3')).toMatchObject({ reason: 'frozen' });
});
