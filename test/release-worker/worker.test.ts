// Whole workers: real broker, real link, real journal, simulated Argo CD.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { worldOf } from '../support/argocd-control.ts';
import { stays, until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { button } from './support/buttons.ts';
import { linesOf, planned, pressLine, releaseOf } from './support/releases.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';
import { patienceMs } from '../support/patience.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };
const till = { name: 'till', drifted: true, syncMs: 20 };

it('leads from a press to a release, and publishes each step', async () => {
  const { control } = await simulatedArgoCd(worldOf([shop]));
  const { url, publish, result, untilSignal, on, latest } = await onBroker();
  await startWorker(workerConfig(url, control.url, { stateDir: stateDirectory() }));
  await untilSignal('main', 'drifted');
  await publish('button/main/press', '{"id": "p1"}');

  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted', applications: 1 });
  await untilSignal('main', 'succeeded');
  await until('idle', () => latest('worker/main/release/current')?.['state'] === 'idle');
  expect(latest('worker/main/release/last')).toMatchObject({
    pressId: 'p1',
    outcome: 'succeeded',
    button: 'main',
  });
  expect(on('worker/main/release').map(({ event }) => event)).toEqual([
    'started',
    'app-started',
    'app-finished',
    'finished',
  ]);
  expect(on('button/main/signal').map(({ signal }) => signal)).toContain('releasing');
  await until('its topic', () => latest('worker/main/app/argocd/shop')?.['sync'] === 'Synced');
  expect(latest('worker/main/drift')).toMatchObject({ state: 'clear', simulated: true });
  expect(latest('worker/main/info')).toMatchObject({
    worker: 'main',
    simulated: true,
    argocd: { server: control.url, version: 'v3.6.0+simulated' },
    buttons: [{ id: 'main', on: { press: 'release' } }],
  });
  expect(on('button/main/result').length).toBe(1);
  expect((await control.syncs()).length).toBe(1);
});

it('refuses a malformed selection, ignores an empty payload, and accepts a valid selection', async () => {
  const { control } = await simulatedArgoCd(worldOf([shop, till]));
  const { url, publish, result, untilSignal, on, latest } = await onBroker();
  await startWorker(workerConfig(url, control.url, { stateDir: stateDirectory() }));
  await untilSignal('main', 'drifted');
  const narrow = ['{"id":"p1","app":"argocd/shop"}', "'{only:[argocd/shop]}'", '{"id":"p2","dryRun":true}'];
  for (const payload of [...narrow, '""', ' ', '\n', '{"id":"p3","only":["argocd/shop"],"by":"Ann"}'])
    await publish('button/main/press', payload);

  expect(await result('main', 'p3')).toMatchObject({ outcome: 'accepted', applications: 1 });
  expect(on('button/main/result')).toMatchObject([
    { pressId: 'p1', reason: 'malformed' },
    { reason: 'malformed' },
    { pressId: 'p2', reason: 'malformed' },
    { pressId: 'p3', outcome: 'accepted' },
  ]);
  await until('its end', () => latest('worker/main/release/last')?.['pressId'] === 'p3');
  expect(latest('worker/main/release/last')).toMatchObject({ by: 'Ann', outcome: 'succeeded' });
  expect((await control.syncs()).length).toBe(1);
});

describe('two workers on one prefix', () => {
  it("do not touch each other's buttons and applications", async () => {
    const { control } = await simulatedArgoCd(worldOf([shop, till]));
    const { url, publish, result, untilSignal, on, latest, heard } = await onBroker();
    const of = (id: string, name: string) =>
      workerConfig(url, control.url, {
        id,
        stateDir: stateDirectory(),
        buttons: [button({ id: `${name}-button`, select: { names: [name] } })],
      });
    await startWorker(of('one', 'shop'));
    await untilSignal('shop-button', 'drifted');
    await startWorker(of('two', 'till'));
    await untilSignal('till-button', 'drifted');

    await publish('button/shop-button/press', '{"id": "p1"}');
    await publish('button/till-button/press', '{"id": "p2"}');
    expect(await result('shop-button', 'p1')).toMatchObject({ outcome: 'accepted' });
    expect(await result('till-button', 'p2')).toMatchObject({ outcome: 'accepted' });
    await publish('button/nobodys/press', '{"id": "p3"}');
    expect(await result('nobodys', 'p3')).toMatchObject({ reason: 'unknown-button' });
    for (const id of ['one', 'two'])
      await until(`the end of the release of ${id}`, () => latest(`worker/${id}/release/last`));

    expect(on('button/shop-button/result').length).toBe(1);
    expect(on('button/till-button/result').length).toBe(1);
    expect(on('button/nobodys/result').length).toBe(1);
    await stays(
      'the topics of the other',
      () => !heard.some(({ topic, text }) => /^worker\/[^/]+\/app\//.test(topic) && text === ''),
      2_500,
    );
  });

  it('nobody answers for a worker that has gone, until its info is cleared', async () => {
    const { control } = await simulatedArgoCd(worldOf([shop, till]));
    const { url, publish, result, untilSignal, latest, on } = await onBroker();
    const of = (id: string, name: string) =>
      workerConfig(url, control.url, { id, stateDir: stateDirectory(), buttons: [button({ id: name })] });
    await startWorker(of('one', 'shop-button'));
    const two = await startWorker(of('two', 'till-button'));
    await untilSignal('shop-button', 'drifted');
    await untilSignal('till-button', 'drifted');
    await two.stop();
    await until('offline', () => latest('worker/two/availability')?.['text'] === 'offline');
    await publish('button/till-button/press', '{"id": "p1"}');
    // It has one answer, so the press before it has had all of its answers.
    await publish('button/nobodys/press', '{"id": "p2"}');
    expect(await result('nobodys', 'p2')).toMatchObject({ reason: 'unknown-button' });
    expect(on('button/till-button/result')).toEqual([]);

    await publish('worker/two/info', '', true);
    await publish('button/till-button/press', '{"id": "p3"}');
    expect(await result('till-button', 'p3')).toMatchObject({
      outcome: 'rejected',
      reason: 'unknown-button',
    });
  });
});

describe('a button', () => {
  it('of two workers releases nothing until one of them gives it up, and both report it', async () => {
    const { control } = await simulatedArgoCd(worldOf([shop]));
    const { url, publish, result, untilSignal, on, heard, latest } = await onBroker();
    const of = (id: string, ...buttons: string[]) =>
      workerConfig(url, control.url, {
        id,
        stateDir: stateDirectory(),
        buttons: buttons.map((name) => button({ id: name, coolDownMs: 0 })),
      });
    await startWorker(of('two', 'shop-button'));
    await untilSignal('shop-button', 'drifted');
    const one = await startWorker(of('one', 'shop-button', 'own-button'));
    await untilSignal('own-button', 'drifted');
    await untilSignal('shop-button', 'unknown');
    expect(latest('button/shop-button/signal')).toMatchObject({
      worker: 'one',
      reason: expect.stringContaining('the workers one and two both have the button shop-button'),
    });

    await publish('button/shop-button/press', '{"id": "p1"}');
    expect(await result('shop-button', 'p1')).toMatchObject({
      outcome: 'rejected',
      reason: 'claimed-twice',
    });
    await publish('button/own-button/press', '{"id": "p2", "only": ["argocd/nobodys"]}');
    expect(await result('own-button', 'p2')).toMatchObject({ outcome: 'nothing-to-release' });
    expect(on('button/shop-button/result')).toHaveLength(1);
    expect(await control.syncs()).toHaveLength(0);

    await one.stop();
    await untilSignal('shop-button', 'drifted');
    expect(latest('button/shop-button/signal')).toMatchObject({ worker: 'two' });
    await publish('button/shop-button/press', '{"id": "p3"}');
    expect(await result('shop-button', 'p3')).toMatchObject({ outcome: 'accepted' });
    await until('the end', () => latest('worker/two/release/last'));
    expect(on('button/shop-button/result')).toHaveLength(2);
    expect(await control.syncs()).toHaveLength(1);
    expect(heard.filter(({ topic }) => topic === 'worker/one/release/last')).toEqual([]);
  });

  it('that was removed from a worker is no longer vouched for: its signal is cleared', async () => {
    const { control } = await simulatedArgoCd(worldOf([shop]));
    const { url, untilSignal, heard } = await onBroker();
    const stateDir = stateDirectory();
    const of = (id: string) =>
      workerConfig(url, control.url, { id: 'main', stateDir, buttons: [button({ id })] });
    const before = await startWorker(of('old-name'));
    await untilSignal('old-name', 'drifted');
    await before.stop();
    await startWorker(of('new-name'));
    await untilSignal('new-name', 'drifted');
    await until(
      'the old signal to be cleared',
      () => heard.filter(({ topic }) => topic === 'button/old-name/signal').at(-1)?.text === '',
    );
  });
});

describe('after a restart', () => {
  it('publishes the last release again, and that it failed', async () => {
    const { control } = await simulatedArgoCd(worldOf([shop]));
    const stateDir = stateDirectory();
    const lines = linesOf(releaseOf([planned('shop')])).map((line) =>
      line.type === 'finished' ? { ...line, outcome: 'failed' } : line,
    );
    writeFileSync(join(stateDir, 'journal.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { url, untilSignal, latest } = await onBroker();
    await startWorker(workerConfig(url, control.url, { stateDir }));
    await untilSignal('main', 'failed');
    await until('the last release', () => latest('worker/main/release/last'));
    expect(latest('worker/main/release/last')).toMatchObject({
      id: 'r1',
      outcome: 'failed',
      apps: [{ outcome: 'in-sync' }],
    });
    await until('no running release', () => latest('worker/main/release/current'));
    expect(latest('worker/main/release/current')).toEqual({ state: 'idle' });
  });

  it('answers an unanswered press once', async () => {
    const { control } = await simulatedArgoCd(worldOf([shop]));
    const stateDir = stateDirectory();
    const path = join(stateDir, 'journal.jsonl');
    const now = new Date().toISOString();
    const write = (line: unknown) => appendFileSync(path, `${JSON.stringify(line)}\n`);
    write(pressLine({ pressId: 'long-ago' }));
    // The clock was not synchronized then, so the press may have been just now.
    write(pressLine({ pressId: 'early', at: '1970-01-01T00:00:20.000Z' }));
    write(pressLine({ pressId: 'answered', at: now }));
    write({ type: 'answered', at: now, pressId: 'answered' });
    write(pressLine({ pressId: 'unanswered', at: now }));
    const { url, result, on, untilSignal } = await onBroker();
    const config = workerConfig(url, control.url, { stateDir });
    const first = await startWorker(config);
    expect(await result('main', 'unanswered')).toMatchObject({ outcome: 'nothing-to-release', at: now });
    await until('the line', () => readFileSync(path, 'utf8').split('\n').length === 8);
    await first.stop();
    await startWorker(config);
    await untilSignal('main', 'drifted');
    expect(on('button/main/result').map(({ pressId }) => pressId)).toEqual(['early', 'unanswered']);
  });

  it('keeps the result until there is a broker', async () => {
    const { control } = await simulatedArgoCd(worldOf([shop]));
    const stateDir = stateDirectory();
    const path = join(stateDir, 'journal.jsonl');
    writeFileSync(path, `${JSON.stringify(pressLine({ at: new Date().toISOString() }))}\n`);
    const worker = await startWorker(workerConfig('mqtt://127.0.0.1:1', control.url, { stateDir }));
    await until('the worker to watch', async () => (await fetch(`${control.url}/simulator/requests`)).ok);
    await worker.stop();
    expect(readFileSync(path, 'utf8')).not.toContain('"answered"');
  });

  it('recognizes an id that it has counted before', async () => {
    const { control } = await simulatedArgoCd(worldOf([{ name: 'shop' }]));
    const stateDir = stateDirectory();
    const { url, publish, result, on, untilSignal } = await onBroker();
    const config = workerConfig(url, control.url, { stateDir });
    const first = await startWorker(config);
    await untilSignal('main', 'clear');
    await publish('button/main/press', '{"id": "p1"}');
    expect(await result('main', 'p1')).toMatchObject({ outcome: 'nothing-to-release' });
    await first.stop();
    await startWorker(config);
    await until('the worker', () => on('worker/main/availability').at(-1)?.['text'] === 'online');
    await publish('button/main/press', '{"id": "p1"}');
    await until('the second answer', () => on('button/main/result').length === 2);
    expect(on('button/main/result')[1]).toMatchObject({ reason: 'duplicate' });
  });

  it('clears what an earlier process has left of applications that are gone', async () => {
    const { control } = await simulatedArgoCd(worldOf([shop]));
    const { url, publish, untilSignal, heard } = await onBroker();
    const left = {
      namespace: 'argocd',
      name: 'gone',
      project: 'default',
      labels: {},
      sync: 'Synced',
      health: 'Healthy',
      automated: false,
      link: 'https://argocd.example',
    };
    await publish('worker/main/app/argocd/gone', JSON.stringify(left), true);
    await startWorker(workerConfig(url, control.url, { stateDir: stateDirectory() }));
    await untilSignal('main', 'drifted');
    await until('its topic to be cleared', () =>
      heard.some(({ topic, text }) => topic === 'worker/main/app/argocd/gone' && text === ''),
    );
  });
});

it('a retained press releases nothing and is cleared on the broker', async () => {
  const { control } = await simulatedArgoCd(worldOf([shop]));
  const { url, publish, untilSignal, on, heard } = await onBroker();
  await publish('button/main/press', 'press', true);
  await startWorker(workerConfig(url, control.url, { stateDir: stateDirectory() }));
  await until('the result', () => on('button/main/result').length === 1);
  await until('the topic to be cleared', () =>
    heard.some(({ topic, text }) => topic === 'button/main/press' && text === ''),
  );
  await untilSignal('main', 'drifted');
  expect(on('button/main/result')).toMatchObject([{ outcome: 'rejected', reason: 'retained' }]);
  expect(await control.syncs()).toEqual([]);
});

it('a worker whose journal cannot be opened does not start, and says what to do', async () => {
  const file = join(stateDirectory(), 'file');
  writeFileSync(file, '');
  const config = workerConfig('mqtt://127.0.0.1:1', 'http://127.0.0.1:1', { stateDir: join(file, 'state') });
  await expect(startWorker(config)).rejects.toThrow(/worker\.stateDir/);
});

it('start and stop leave nothing open: the process ends by itself', async () => {
  const child = fileURLToPath(new URL('worker.child.mjs', import.meta.url));
  expect(existsSync(fileURLToPath(new URL('../../dist/release-worker/main.js', import.meta.url)))).toBe(true);
  const { code, output } = await new Promise<{ code: number | null; output: string }>((resolve) => {
    const running = spawn(process.execPath, [child, stateDirectory()], { stdio: ['ignore', 'pipe', 'pipe'] });
    const deadline = setTimeout(() => running.kill('SIGKILL'), patienceMs);
    let output = '';
    for (const stream of [running.stdout, running.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    running.once('exit', (code) => {
      clearTimeout(deadline);
      resolve({ code, output });
    });
  });
  expect(output).toBe('released\nleft open: nothing\n');
  expect(code).toBe(0);
});
