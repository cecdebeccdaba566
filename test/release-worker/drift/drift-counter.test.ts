// The drift counter after each change, compared with a complete count.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyOf, type AppRecord } from '../../../release-worker/argocd/application.ts';
import type { DriftCounts, Obstacle } from '../../../release-worker/drift/drifted.ts';
import { createLostComparisons } from '../../../release-worker/drift/lost-comparisons.ts';
import { createDriftCounter } from '../../../release-worker/drift/drift-counter.ts';
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
  const driftCounter = createDriftCounter({
    registry,
    buttons,
    obstacleOf: (key) => obstacles.get(key),
    automatedGraceMs: 10_000,
    lost: createLostComparisons(),
  });
  const put = (app: AppRecord, now: number) => {
    registry.set(keyOf(app), app);
    driftCounter.update([keyOf(app)], now);
  };
  return { registry, obstacles, driftCounter, put };
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
      const { registry, obstacles, driftCounter } = arranged();
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
        driftCounter.update([key], now);
      }
      const apps = [...registry.values()];
      expect(driftCounter.all()).toEqual(recount(apps, obstacles, lost));
      for (const { id, select } of buttons)
        expect(driftCounter.of(id)).toEqual(
          recount(
            apps.filter((app) => selects(select, app)),
            obstacles,
            lost,
          ),
        );
      expect([...driftCounter.listed()].map(keyOf).sort()).toEqual(
        apps
          .filter(({ sync, deleting }) => sync !== 'Synced' || deleting)
          .map(keyOf)
          .sort(),
      );
    }),
  );
});

test('the oldest is the one that has been out of sync for longest, of what the button selects', () => {
  const { driftCounter, put } = arranged();
  put(drifted('a', { project: 'default' }), 100);
  put(drifted('b', { project: 'shop' }), 200);
  put(whole({ name: 'c', project: 'shop' }), 300);
  expect([driftCounter.oldest('all'), driftCounter.oldest('shop'), driftCounter.oldest('web')]).toEqual([
    100,
    200,
    undefined,
  ]);
});

test('an application that a button begins to select has been out of sync for as long as it has been', () => {
  const { driftCounter, put } = arranged();
  put(drifted('a'), 100);
  put(drifted('b', { labels: { team: 'web' } }), 200);
  put(drifted('a', { labels: { team: 'web' } }), 300);
  expect(driftCounter.oldest('web')).toBe(100);
});

test('a new target is no new drift; one that was in sync in between is', () => {
  const { driftCounter, put } = arranged();
  put(drifted('a', { target: 'one' }), 100);
  put(drifted('a', { target: 'two' }), 200);
  expect(driftCounter.oldest('all')).toBe(100);
  put(whole({ name: 'a' }), 300);
  put(drifted('a'), 400);
  expect(driftCounter.oldest('all')).toBe(400);
});

test('an application that is gone, or going, is forgotten', () => {
  const { registry, driftCounter, put } = arranged();
  put(drifted('a'), 100);
  put(drifted('b'), 200);
  registry.delete('argocd/a');
  driftCounter.update(['argocd/a'], 300);
  put(drifted('b', { deleting: true }), 300);
  expect(driftCounter.oldest('all')).toBeUndefined();
});

test('what was out of sync is remembered while it cannot be compared, until it can be or is going', () => {
  const { driftCounter, put } = arranged();
  const unknown = (name: string) => whole({ name, sync: 'Unknown', project: 'shop' });
  put(unknown('never-seen-out-of-sync'), 100);
  for (const name of ['a', 'b', 'c']) put(drifted(name, { project: 'shop' }), 100);
  put(unknown('b'), 200);
  put(unknown('a'), 300);
  put(unknown('a'), 400);
  put(unknown('c'), 400);
  expect([...driftCounter.wereOutOfSync('shop')]).toEqual([
    { key: 'argocd/b', at: 200 },
    { key: 'argocd/a', at: 300 },
    { key: 'argocd/c', at: 400 },
  ]);
  expect([...driftCounter.wereOutOfSync('web')]).toEqual([]);

  put(whole({ name: 'a', project: 'shop' }), 500);
  put(unknown('a'), 600);
  put(drifted('b', { project: 'shop' }), 500);
  put({ ...unknown('c'), deleting: true }, 500);
  expect([...driftCounter.wereOutOfSync('shop')]).toEqual([]);
});

describe('drift of an automated application', () => {
  const automated = { automated: true } as const;

  test('counts only when it has lasted for the grace, and since it began', () => {
    const { driftCounter, put } = arranged();
    put(whole({ name: 'a', ...automated }), 100);
    put(whole({ name: 'b', ...automated }), 100);
    put(drifted('a', automated), 1_000);
    put(drifted('b', automated), 2_000);
    put(drifted('a', { ...automated, target: 'newer' }), 5_000);
    expect([
      driftCounter.of('all').outOfSync,
      [...driftCounter.listed()],
      driftCounter.oldest(),
      driftCounter.isUnripe('argocd/a'),
    ]).toEqual([0, [], undefined, true]);

    expect(driftCounter.ripen(10_999)).toBe(11_000);
    expect(driftCounter.of('all').outOfSync).toBe(0);
    expect(driftCounter.ripen(11_000)).toBe(12_000);
    expect([
      driftCounter.of('all').outOfSync,
      driftCounter.oldest(),
      driftCounter.isUnripe('argocd/a'),
    ]).toEqual([1, 1_000, false]);
    expect([...driftCounter.drifted('all')]).toEqual(['argocd/a']);
    expect([...driftCounter.listed()].map(({ name }) => name)).toEqual(['a']);
    expect(driftCounter.ripen(12_000)).toBe(Infinity);
    expect(driftCounter.of('all').outOfSync).toBe(2);
  });

  test('that Argo CD has synced meanwhile never counts', () => {
    const { driftCounter, put } = arranged();
    put(whole(automated), 100);
    put(drifted('shop', automated), 1_000);
    put(whole(automated), 1_360);
    expect([driftCounter.ripen(60_000), driftCounter.of('all').outOfSync]).toEqual([Infinity, 0]);
  });

  test('counts at once where it was there at first sight, or where automated sync is turned off', () => {
    const { driftCounter, put } = arranged();
    put(drifted('old', automated), 100);
    expect(driftCounter.of('all').outOfSync).toBe(1);
    put(whole({ name: 'a', ...automated }), 100);
    put(drifted('a', automated), 1_000);
    put(drifted('a'), 2_000);
    expect(driftCounter.of('all').outOfSync).toBe(2);
  });

  test('that cannot be compared meanwhile was out of sync', () => {
    const { driftCounter, put } = arranged();
    put(whole(automated), 100);
    put(drifted('shop', automated), 1_000);
    put(whole({ sync: 'Unknown', ...automated }), 2_000);
    expect(driftCounter.of('all')).toMatchObject({ outOfSync: 0, unknown: 1, wereOutOfSync: 1 });
  });
});
