// A state directory that cannot be written, by the file systems that refuse: it is known before somebody presses.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createStateDirectory } from '../../release-worker/state-directory.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { hurriedClock } from '../support/hurried-clock.ts';
import { worldOf } from '../support/simulator.ts';
import { mayMount, tinyDisk } from '../support/tiny-disk.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { memoryJournal } from './support/intake.ts';
import { onBroker, startWorker, workerConfig } from './support/worker.ts';
import { pressLine } from './support/releases.ts';

function place(): string {
  const path = mkdtempSync(join(tmpdir(), 'release-button-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Looks are once a minute, and every 5 s while it cannot be written. */
const clock = hurriedClock(50);

async function working(stateDir: string) {
  const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', drifted: true, syncMs: 20 }]));
  const broker = await onBroker();
  const health = createHealth(clock);
  const config = workerConfig(broker.url, control.url, { stateDir });
  await startWorker({ ...config, argocd: { ...config.argocd, requestTimeoutMs: 60_000 } }, new Map(), {
    clock,
    health,
  });
  await broker.untilSignal('main', 'drifted');
  let presses = 0;
  return {
    ...broker,
    control,
    press: () => {
      presses += 1;
      const id = `p${presses}`;
      return broker
        .publish('button/main/press', JSON.stringify({ id }))
        .then(() => broker.result('main', id));
    },
    isBlocked: (reason: RegExp) =>
      until(`blocked, ${String(reason)}, and failing`, () => {
        const said = broker.latest('button/main/signal');
        const { status, checks } = health.report();
        return (
          said?.['signal'] === 'blocked' &&
          reason.test(String(said['reason'])) &&
          status === 'failing' &&
          reason.test(checks['state']?.message ?? '')
        );
      }),
    isWell: async () => {
      await until('health', () => health.report().checks['state']?.ok);
      await broker.untilSignal('main', 'drifted');
    },
  };
}

// Root may mount; elsewhere these are skipped, by their name.
describe.skipIf(!mayMount)('a worker whose state directory (mounting it needs root)', () => {
  it('is full says so by a failed press, releases nothing, and is well again when there is room', async () => {
    const disk = tinyDisk();
    const { press, isBlocked, isWell, control } = await working(disk.path);
    disk.fill();
    expect(await press()).toMatchObject({ outcome: 'rejected', reason: 'journal-unwritable' });
    await isBlocked(/^nothing is released: \S+ \(worker\.stateDir\) is full; free some space$/);
    expect(await press()).toMatchObject({
      reason: 'journal-unwritable',
      message: expect.stringContaining('is full; free some space'),
    });
    expect(await control.syncs()).toEqual([]);

    disk.free();
    await isWell();
    expect(await press()).toMatchObject({ outcome: 'accepted' });
  });

  it('is full knows it before somebody presses', async () => {
    const disk = tinyDisk();
    const { isBlocked } = await working(disk.path);
    disk.fill();
    await isBlocked(/is full/);
  });

  it('is on a read-only file system knows it before somebody presses', async () => {
    const path = place();
    const { isBlocked, isWell, press, control } = await working(path);
    const disk = tinyDisk(path);
    disk.readOnly();
    await isBlocked(/is on a read-only file system; mount it writable/);
    expect(await press()).toMatchObject({ reason: 'journal-unwritable' });
    expect(await control.syncs()).toEqual([]);
    disk.writable();
    await isWell();
  });

  it('is read-only at the start says so at once', async () => {
    const disk = tinyDisk();
    disk.readOnly();
    const state = createStateDirectory({
      stateDir: disk.path,
      clock,
      log: silentLog(),
      health: createHealth(clock),
      onChange: () => {},
    });
    onTestFinished(() => state.stop());
    await state.start();
    expect(state.problem()).toContain('is on a read-only file system; mount it writable');
    disk.writable();
    expect(await state.lookAgain()).toBeUndefined();
  });
});

it('a state directory that is deleted under the worker is noticed, and a new one is written on', async () => {
  const path = join(place(), 'state');
  const { press, isBlocked, isWell, control } = await working(path);
  rmSync(path, { recursive: true });
  expect(await press()).toMatchObject({
    outcome: 'rejected',
    reason: 'journal-unwritable',
  });
  await isBlocked(/is gone; make it again/);
  expect(await control.syncs()).toEqual([]);
  mkdirSync(path);
  await isWell();
  expect(await press()).toMatchObject({ outcome: 'accepted' });
  await until('the new journal', () =>
    readFileSync(join(path, 'journal.jsonl'), 'utf8').includes('"accepted"'),
  );
});

describe('a journal that cannot be written', () => {
  it('in a directory that can stays a problem until the journal can be', async () => {
    const fake = createFakeClock();
    let works = false;
    const refuse = () => (works ? Promise.resolve() : Promise.reject(new Error('the file is immutable')));
    const state = createStateDirectory({
      stateDir: place(),
      clock: fake,
      log: silentLog(),
      health: createHealth(fake),
      onChange: () => {},
    });
    onTestFinished(() => state.stop());
    const journal = state.watchJournal({ ...memoryJournal(), append: refuse, tryOut: refuse });
    await state.start();
    expect(state.problem()).toBeUndefined();
    await expect(journal.append(pressLine(), { flush: true })).rejects.toThrow('immutable');
    expect(await state.lookAgain()).toContain('the file is immutable');
    works = true;
    expect(await state.lookAgain()).toBeUndefined();
  });
});
