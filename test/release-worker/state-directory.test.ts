// A state directory that is not writable, on file systems that refuse: the worker knows before anybody presses.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createStateDirectory } from '../../release-worker/state-directory.ts';
import { createHealth } from '../../service/health.ts';
import { systemClock } from '../../service/clock.ts';
import { silentLog } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { worldOf } from '../support/argocd-control.ts';
import { canMount } from '../support/programs.ts';
import { tinyDisk } from '../support/tiny-disk.ts';
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

async function working(stateDir: string) {
  const { control } = await simulatedArgoCd(worldOf([{ name: 'shop', drifted: true, syncMs: 20 }]));
  const broker = await onBroker();
  const health = createHealth(systemClock());
  await startWorker(workerConfig(broker.url, control.url, { stateDir }), new Map(), { health });
  await broker.untilSignal('main', 'drifted');
  let presses = 0;
  return {
    control,
    press: async () => {
      presses += 1;
      const id = `p${presses}`;
      await broker.publish('button/main/press', JSON.stringify({ id }));
      return broker.result('main', id);
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
      await broker.untilSignal('main', 'clear');
      expect(health.report().checks['state']?.ok).toBe(true);
    },
  };
}

function watching(stateDir: string) {
  const clock = createFakeClock();
  const state = createStateDirectory({
    stateDir,
    clock,
    log: silentLog(),
    health: createHealth(clock),
    onChange: () => {},
  });
  onTestFinished(() => state.stop());
  return { clock, state };
}

describe.skipIf(!canMount)(
  'a state directory on a separate disk (skipped where nothing may be mounted: needs root)',
  () => {
    it('that is full is reported after a failed press, and a press releases again as soon as there is room', async () => {
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
      expect(await press()).toMatchObject({ outcome: 'accepted' });
      await isWell();
    });

    it('that is read-only is reported, and nothing is released', async () => {
      const path = place();
      const { isBlocked, isWell, press, control } = await working(path);
      const disk = tinyDisk(path);
      disk.readOnly();
      expect(await press()).toMatchObject({ reason: 'journal-unwritable' });
      await isBlocked(/is on a read-only file system; mount it writable/);
      expect(await control.syncs()).toEqual([]);
      disk.writable();
      expect(await press()).toMatchObject({ outcome: 'accepted' });
      await isWell();
    });

    it('that is full is noticed before anybody presses, and so is room on it', async () => {
      const disk = tinyDisk();
      const { clock, state } = watching(disk.path);
      await state.start();
      expect(state.problem()).toBeUndefined();
      disk.fill();
      clock.advance(60_000);
      await until('the problem', () => state.problem()?.includes('is full'));
      disk.free();
      await until('the next look', () => clock.pendingTimers() > 0);
      clock.advance(5_000);
      await until('room', () => state.problem() === undefined);
    });

    it('that is read-only is noticed at the start', async () => {
      const disk = tinyDisk();
      disk.readOnly();
      const { state } = watching(disk.path);
      await state.start();
      expect(state.problem()).toContain('is on a read-only file system; mount it writable');
      disk.writable();
      expect(await state.lookAgain()).toBeUndefined();
    });
  },
);

it('a state directory that is deleted under the worker is noticed, and the worker continues in a new one', async () => {
  const path = join(place(), 'state');
  const { press, isBlocked, isWell, control } = await working(path);
  rmSync(path, { recursive: true });
  expect(await press()).toMatchObject({ outcome: 'rejected', reason: 'journal-unwritable' });
  await isBlocked(/does not exist any more; create it again/);
  expect(await control.syncs()).toEqual([]);
  mkdirSync(path);
  expect(await press()).toMatchObject({ outcome: 'accepted' });
  await isWell();
  expect(readFileSync(join(path, 'journal.jsonl'), 'utf8')).toContain('"accepted"');
});

describe('a journal that cannot be written', () => {
  it('in a writable directory stays a problem until it can be written', async () => {
    let works = false;
    const refuse = () => (works ? Promise.resolve() : Promise.reject(new Error('the file is immutable')));
    const { state } = watching(place());
    const journal = state.watchJournal({ ...memoryJournal(), append: refuse, tryOut: refuse });
    await state.start();
    expect(state.problem()).toBeUndefined();
    await expect(journal.append(pressLine(), { flush: true })).rejects.toThrow('immutable');
    expect(await state.lookAgain()).toContain('the file is immutable');
    works = true;
    expect(await state.lookAgain()).toBeUndefined();
  });
});
