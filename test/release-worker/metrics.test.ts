// The worker's metrics, on a separate registry and a hand-moved clock.
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Release } from '../../messages/release.ts';
import { countDrift } from './support/counting.ts';
import { workerMetrics } from '../../release-worker/metrics.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { scrape } from '../support/metrics.ts';
import { drifted, whole } from './support/records.ts';

function arranged(now: { heardAt?: number; releasing?: number } = {}) {
  const registry = new Registry();
  const clock = createFakeClock();
  const metrics = workerMetrics({
    registry,
    clock,
    worker: 'main',
    buttons: ['main', 'garden'],
    now: {
      releasing: (button) => (button === 'main' ? (now.releasing ?? 0) : 0),
      heardAt: () => now.heardAt,
      isFresh: () => now.heardAt !== undefined,
      isStreaming: () => false,
    },
  });
  return { registry, clock, metrics, now };
}

const release = (change: Partial<Release> = {}): Release => ({
  id: 'r',
  button: 'main',
  pressId: 'p',
  action: 'release',
  source: 'gpio',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:01:30.000Z',
  outcome: 'succeeded',
  apps: [],
  truncated: false,
  ...change,
});

test('the first press and the first release of a configured button are increases from 0', async () => {
  const { registry, metrics } = arranged();
  const before = await scrape(registry);
  metrics.press('main', 'accepted');
  metrics.press('garden', 'rejected', 'cool-down');
  metrics.released(release({ outcome: 'failed' }));
  const after = await scrape(registry);
  const grown = [...after].filter(([key, value]) => value !== before.get(key));
  expect(grown.filter(([key]) => !key.includes('_bucket'))).toEqual([
    ['release_button_presses_total{button="main",outcome="accepted",reason="",worker="main"}', 1],
    ['release_button_presses_total{button="garden",outcome="rejected",reason="cool-down",worker="main"}', 1],
    ['release_button_releases_total{button="main",outcome="failed",worker="main"}', 1],
    ['release_button_release_duration_seconds_sum{button="main",outcome="failed",worker="main"}', 90],
    ['release_button_release_duration_seconds_count{button="main",outcome="failed",worker="main"}', 1],
  ]);
  expect([...after.keys()]).toEqual([...before.keys()]);
});

test('presses of any number of unknown buttons, and a release of a removed button, share one label', async () => {
  const { registry, metrics } = arranged();
  const before = await scrape(registry);
  for (const button of [
    '__proto__',
    'constructor',
    'a"b\n',
    ...Array.from({ length: 500 }, (_, n) => `x${n}`),
  ])
    metrics.press(button, 'rejected', 'unknown-button');
  metrics.released(release({ button: 'of-last-year' }));
  const after = await scrape(registry);
  expect(
    after.get(
      'release_button_presses_total{button="unknown",outcome="rejected",reason="unknown-button",worker="main"}',
    ),
  ).toBe(503);
  const added = [...after.keys()].filter((key) => !before.has(key));
  expect(added.every((key) => key.includes('button="unknown"'))).toBe(true);
  expect(after.get('release_button_releases_total{button="unknown",outcome="succeeded",worker="main"}')).toBe(
    1,
  );
});

test('a release during which the clock was set back has no negative duration', async () => {
  const { registry, metrics } = arranged();
  metrics.released(release({ finishedAt: '2025-12-31T23:00:00.000Z' }));
  const series = await scrape(registry);
  const labels = 'button="main",outcome="succeeded"';
  expect(series.get(`release_button_release_duration_seconds_sum{${labels},worker="main"}`)).toBe(0);
  expect(series.get(`release_button_release_duration_seconds_count{${labels},worker="main"}`)).toBe(1);
});

test('a release lasts as long as the monotonic clock says, whatever the wall clock does', async () => {
  const { registry, metrics } = arranged();
  metrics.released(release({ finishedAt: '2027-01-01T00:00:00.000Z' }), 4_500);
  const series = await scrape(registry);
  const labels = 'button="main",outcome="succeeded"';
  expect(series.get(`release_button_release_duration_seconds_sum{${labels},worker="main"}`)).toBe(4.5);
});

test('the light and its applications by state, until the next scrape', async () => {
  const { registry, metrics } = arranged();
  const apps = [
    drifted('a'),
    drifted('b'),
    whole(),
    whole({ name: 'odd', sync: 'Unknown', health: 'Missing' }),
  ];
  const drift = countDrift(apps, (key) => (key === 'argocd/a' ? 'not-permitted' : undefined));
  metrics.shown({ button: 'main', signal: 'drifted', drift, driftSince: () => 0 });
  const series = await scrape(registry);
  const of = (name: string, labels = '') =>
    series.get(`release_button_${name}{button="main"${labels},worker="main"}`);
  expect({
    drifted: of('signal', ',signal="drifted"'),
    unknown: of('signal', ',signal="unknown"'),
    outOfSync: of('applications', ',state="out-of-sync"'),
    inSync: of('applications', ',state="in-sync"'),
    notKnown: of('applications', ',state="unknown"'),
    blocked: of('blocked_applications'),
    unhealthy: of('unhealthy_applications'),
  }).toEqual({ drifted: 1, unknown: 0, outOfSync: 2, inSync: 1, notKnown: 1, blocked: 1, unhealthy: 1 });
});

test('the oldest drift is dated by the current clock, and gone with the drift', async () => {
  const { registry, clock, metrics } = arranged();
  const drift = countDrift([drifted('a')], () => undefined);
  const name = 'release_button_drift_oldest_timestamp_seconds{button="main",worker="main"}';
  expect((await scrape(registry)).has(name)).toBe(false);
  clock.advance(10_000);
  const started = clock.monotonic();
  metrics.shown({ button: 'main', signal: 'drifted', drift, driftSince: () => started });
  clock.advance(5_000);
  expect((await scrape(registry)).get(name)).toBe(Date.parse('2026-01-01T00:00:10Z') / 1000);
  clock.jump(3_600_000);
  expect((await scrape(registry)).get(name)).toBe(Date.parse('2026-01-01T01:00:10Z') / 1000);
  metrics.shown({ button: 'main', signal: 'clear', drift, driftSince: () => undefined });
  expect((await scrape(registry)).has(name)).toBe(false);
});

test('the state at the scrape: when Argo CD was heard, whether it is fresh, and which releases run', async () => {
  const { registry, clock, now } = arranged();
  const heard = 'release_button_argocd_heard_timestamp_seconds{worker="main"}';
  const before = await scrape(registry);
  expect([before.has(heard), before.get('release_button_argocd_fresh{worker="main"}')]).toEqual([false, 0]);
  clock.advance(4_000);
  now.heardAt = 3_000;
  now.releasing = 2;
  const after = await scrape(registry);
  expect(after.get(heard)).toBe(Date.parse('2026-01-01T00:00:03Z') / 1000);
  expect(after.get('release_button_argocd_fresh{worker="main"}')).toBe(1);
  expect(after.get('release_button_releases_running{button="main",worker="main"}')).toBe(2);
  expect(after.get('release_button_releases_running{button="garden",worker="main"}')).toBe(0);
});
