import { describe, expect, it } from 'vitest';
import { driftState, shortRevision, summaryOf } from '../../../release-worker/drift/summary.ts';
import type { Obstacle } from '../../../release-worker/drift/drifted.ts';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { countDrift } from '../support/counting.ts';
import { drifted, listed, newCommit, oldCommit, whole } from '../support/records.ts';

const none = (): Obstacle | undefined => undefined;

function summary(apps: readonly AppRecord[], fresh = true) {
  return summaryOf({
    apps,
    counts: countDrift(apps, none),
    obstacleOf: none,
    fresh,
    reachable: true,
    since: Date.parse('2026-01-01T00:00:00Z'),
    now: Date.parse('2026-01-02T00:00:00Z'),
    server: 'https://argocd.example',
    simulated: false,
  });
}

describe('counting', () => {
  it('counts each application for what it is', () => {
    const apps = [
      whole({ name: 'fine' }),
      drifted('a'),
      drifted('b', { health: 'Degraded' }),
      drifted('going', { deleting: true }),
      whole({ name: 'odd', sync: 'Unknown', health: 'Missing' }),
    ];
    expect(countDrift(apps, (key) => (key === 'argocd/a' ? 'not-permitted' : undefined))).toEqual({
      total: 5,
      outOfSync: 2,
      blocked: 1,
      obstacles: new Set(['not-permitted']),
      unknown: 1,
      wereOutOfSync: 0,
      unhealthy: 2,
    });
  });

  it('counts no obstacle of what is in sync', () => {
    expect(countDrift([whole()], () => 'not-permitted').blocked).toBe(0);
  });
});

describe('the state', () => {
  it.each([
    ['clear', [whole()], true],
    ['unknown', [whole()], false],
    ['drifted', [whole({ name: 'x' }), drifted('a')], true],
    ['unknown', [drifted('a')], false],
    ['unknown', [], true],
    ['unknown', [whole({ sync: 'Unknown' })], true],
    ['clear', [whole(), whole({ name: 'odd', sync: 'Unknown' })], true],
    ['drifted', [drifted('a'), whole({ name: 'odd', sync: 'Unknown' })], true],
    ['clear', [drifted('going', { deleting: true })], true],
  ] as const)('is %s', (state, apps, fresh) => {
    expect(driftState(countDrift(apps, none), fresh)).toBe(state);
    expect(summary(apps, fresh).state).toBe(state);
  });
});

describe('the applications shown', () => {
  it('are the first 20 by name, those out of sync before those unknown, and none in sync', () => {
    const apps = [
      whole({ name: 'in-sync' }),
      whole({ name: 'aaa-unknown', sync: 'Unknown' }),
      ...Array.from({ length: 25 }, (_, index) => drifted(`app-${String(index).padStart(2, '0')}`)),
    ];
    const shown = summary(apps);
    expect(shown.apps.map(({ name }) => name)).toEqual(
      Array.from({ length: 20 }, (_, index) => `app-${String(index).padStart(2, '0')}`),
    );
    expect(shown.truncated).toBe(true);
    expect(summary(apps.toReversed())).toEqual(shown);
  });

  it('are not truncated at 20', () => {
    const shown = summary(Array.from({ length: 20 }, (_, index) => drifted(`app-${index}`)));
    expect([shown.apps.length, shown.truncated]).toEqual([20, false]);
  });

  it('tell from which revision to which, shortened', () => {
    expect(summary([drifted('a')]).apps).toMatchObject([{ from: '1111111', to: '2222222' }]);
    expect(summary([listed({ sync: 'OutOfSync' })]).apps).toMatchObject([{ from: '', to: '2222222' }]);
  });
});

it.each([
  [oldCommit, '1111111'],
  ['v1.2.3', 'v1.2.3'],
  [`${oldCommit},${newCommit}`, '1111111,2222222'],
  ['', ''],
])('shortens %s to %s', (revision, short) => {
  expect(shortRevision(revision)).toBe(short);
});
