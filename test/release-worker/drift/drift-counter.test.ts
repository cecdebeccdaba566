// The tally, change by change, against a count of everything.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { keyOf } from '../../../release-worker/argocd/application.ts';
import type { DriftCounts, Obstacle } from '../../../release-worker/drift/drifted.ts';
import { createLostBook } from '../../../release-worker/drift/lost-comparisons.ts';
import { createTally } from '../../../release-worker/drift/drift-counter.ts';
import type { ButtonConfig } from '../../../release-worker/buttons.ts';
import { selects } from '../../../config/selects.ts';
import { drifted, whole } from '../support/records.ts';

const buttons: readonly Pick<ButtonConfig, 'id' | 'select'>[] = [
  { id: 'all', select: { all: true } },
  { id: 'shop', select: { projects: ['shop'] } },
  { id: 'web', select: { labels: { team: 'web' } } },
];

function arranged() {
  const registry = new Map<string, AppRecord>();
  const obstacles = new Map<string, Obstacle>();
  const tally = createTally({
    registry,
    buttons,
    obstacleOf: (key) => obstacles.get(key),
    automatedGraceMs: 10_000,
    lost: createLostBook(),
  });
  const put = (app: AppRecord, now: number) => {
    registry.set(keyOf(app), app);
    tally.update([keyOf(app)], now);
  };
  return { registry, obstacles, tally, put };
}

/** @param lost those that went from out of sync to unknown, and have not been compared since */
function recount(
  apps: readonly AppRecord[],
  obstacles: ReadonlyMap<string, Obstacle>,
  lost: ReadonlySet<string>,
): DriftCounts {
  const out = apps.filter(({ sync, deleting }) => sync === 'OutOfSync' && !deleting);
  const met = out.flatMap((app) => obstacles.get(keyOf(app)) ?? []);
  return {
    total: apps.length,
    outOfSync: out.length,
    blocked: met.length,
    obstacles: new Set(met),
    unknown: apps.filter(({ sync }) => sync === 'Unknown').length,
    wereOutOfSync: apps.filter((app) => lost.has(keyOf(app))).length,
    unhealthy: apps.filter(({ health }) => ['Degraded', 'Missing'].includes(health)).length,
  };
}

const names = ['a', 'b', 'c'];
const step = fc.record({
  name: fc.constantFrom(...names),
  gone: fc.boolean(),
  sync: fc.constantFrom('Synced' as const, 'OutOfSync' as const, 'Unknown' as const),
  health: fc.constantFrom('Healthy', 'Degraded', 'Missing'),
  project: fc.constantFrom('shop', 'default'),
  labels: fc.constantFrom({}, { team: 'web' }),
  deleting: fc.boolean(),
  obstacle: fc.constantFrom(undefined, 'not-permitted' as const, 'blocked-by-sync-window' as const),
});

test('after any changes the numbers of each button are what a count of everything gives', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { registry, obstacles, tally } = arranged();
      const lost = new Set<string>();
      for (const [now, { name, gone, obstacle, ...members }] of steps.entries()) {
        const app = whole({ name, ...members });
        const key = keyOf(app);
        const before = registry.get(key);
        if (gone || app.sync !== 'Unknown' || app.deleting) lost.delete(key);
        else if (before?.sync === 'OutOfSync' && !before.deleting) lost.add(key);
        if (gone) registry.delete(key);
        else registry.set(key, app);
        if (obstacle === undefined) obstacles.delete(key);
        else obstacles.set(key, obstacle);
        tally.update([key], now);
      }
      const apps = [...registry.values()];
      expect(tally.all()).toEqual(recount(apps, obstacles, lost));
      for (const { id, select } of buttons)
        expect(tally.of(id)).toEqual(
          recount(
            apps.filter((app) => selects(select, app)),
            obstacles,
            lost,
          ),
        );
      expect([...tally.listed()].map(keyOf).sort()).toEqual(
        apps
          .filter(({ sync, deleting }) => sync !== 'Synced' || deleting)
          .map(keyOf)
          .sort(),
      );
    }),
  );
});

test('the oldest is the one that has been out of sync for longest, of what the button selects', () => {
  const { tally, put } = arranged();
  put(drifted('a', { project: 'default' }), 100);
  put(drifted('b', { project: 'shop' }), 200);
  put(whole({ name: 'c', project: 'shop' }), 300);
  expect([tally.oldest('all'), tally.oldest('shop'), tally.oldest('web')]).toEqual([100, 200, undefined]);
});

test('an application that a button begins to select has been out of sync for as long as it has been', () => {
  const { tally, put } = arranged();
  put(drifted('a'), 100);
  put(drifted('b', { labels: { team: 'web' } }), 200);
  put(drifted('a', { labels: { team: 'web' } }), 300);
  expect(tally.oldest('web')).toBe(100);
});

test('a new target is no new drift; one that was in sync in between is', () => {
  const { tally, put } = arranged();
  put(drifted('a', { target: 'one' }), 100);
  put(drifted('a', { target: 'two' }), 200);
  expect(tally.oldest('all')).toBe(100);
  put(whole({ name: 'a' }), 300);
  put(drifted('a'), 400);
  expect(tally.oldest('all')).toBe(400);
});

test('an application that is gone, or going, is forgotten', () => {
  const { registry, tally, put } = arranged();
  put(drifted('a'), 100);
  put(drifted('b'), 200);
  registry.delete('argocd/a');
  tally.update(['argocd/a'], 300);
  put(drifted('b', { deleting: true }), 300);
  expect(tally.oldest('all')).toBeUndefined();
});

test('what was out of sync is remembered while it cannot be compared, until it can be or is going', () => {
  const { tally, put } = arranged();
  const unknown = (name: string) => whole({ name, sync: 'Unknown', project: 'shop' });
  put(unknown('never-seen-out-of-sync'), 100);
  for (const name of ['a', 'b', 'c']) put(drifted(name, { project: 'shop' }), 100);
  put(unknown('b'), 200);
  put(unknown('a'), 300);
  put(unknown('a'), 400);
  put(unknown('c'), 400);
  expect([...tally.wereOutOfSync('shop')]).toEqual([
    { key: 'argocd/b', at: 200 },
    { key: 'argocd/a', at: 300 },
    { key: 'argocd/c', at: 400 },
  ]);
  expect([...tally.wereOutOfSync('web')]).toEqual([]);

  put(whole({ name: 'a', project: 'shop' }), 500);
  put(unknown('a'), 600);
  put(drifted('b', { project: 'shop' }), 500);
  put({ ...unknown('c'), deleting: true }, 500);
  expect([...tally.wereOutOfSync('shop')]).toEqual([]);
});

describe('drift of an automated application', () => {
  const automated = { automated: true } as const;

  test('counts only when it has lasted for the grace, and since it began', () => {
    const { tally, put } = arranged();
    put(whole({ name: 'a', ...automated }), 100);
    put(whole({ name: 'b', ...automated }), 100);
    put(drifted('a', automated), 1_000);
    put(drifted('b', automated), 2_000);
    put(drifted('a', { ...automated, target: 'newer' }), 5_000);
    expect([
      tally.of('all').outOfSync,
      [...tally.listed()],
      tally.oldest(),
      tally.isUnripe('argocd/a'),
    ]).toEqual([0, [], undefined, true]);

    expect(tally.ripen(10_999)).toBe(11_000);
    expect(tally.of('all').outOfSync).toBe(0);
    expect(tally.ripen(11_000)).toBe(12_000);
    expect([tally.of('all').outOfSync, tally.oldest(), tally.isUnripe('argocd/a')]).toEqual([
      1,
      1_000,
      false,
    ]);
    expect([...tally.drifted('all')]).toEqual(['argocd/a']);
    expect([...tally.listed()].map(({ name }) => name)).toEqual(['a']);
    expect(tally.ripen(12_000)).toBe(Infinity);
    expect(tally.of('all').outOfSync).toBe(2);
  });

  test('that Argo CD has synced meanwhile never counts', () => {
    const { tally, put } = arranged();
    put(whole(automated), 100);
    put(drifted('shop', automated), 1_000);
    put(whole(automated), 1_360);
    expect([tally.ripen(60_000), tally.of('all').outOfSync]).toEqual([Infinity, 0]);
  });

  test('counts at once where it was there at first sight, or where automated sync is turned off', () => {
    const { tally, put } = arranged();
    put(drifted('old', automated), 100);
    expect(tally.of('all').outOfSync).toBe(1);
    put(whole({ name: 'a', ...automated }), 100);
    put(drifted('a', automated), 1_000);
    put(drifted('a'), 2_000);
    expect(tally.of('all').outOfSync).toBe(2);
  });

  test('that cannot be compared meanwhile was out of sync', () => {
    const { tally, put } = arranged();
    put(whole(automated), 100);
    put(drifted('shop', automated), 1_000);
    put(whole({ sync: 'Unknown', ...automated }), 2_000);
    expect(tally.of('all')).toMatchObject({ outOfSync: 0, unknown: 1, wereOutOfSync: 1 });
  });
});
