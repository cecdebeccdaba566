import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { argocdMetrics, codeOf } from '../../../release-worker/argocd/metrics.ts';
import { scrape } from '../../support/metrics.ts';

test('the number of codes is limited, whatever the statuses are', () => {
  const codes = new Set(Array.from({ length: 10_000 }, (_, status) => codeOf(status)));
  expect(codes.size).toBeLessThan(25);
  expect([codeOf(0), codeOf(200), codeOf(418), codeOf(504), codeOf(999)]).toEqual([
    'none',
    '200',
    '4xx',
    '504',
    'other',
  ]);
});

test('an answer is counted and timed; that of the stream, which begins with its first event, is only counted', async () => {
  const registry = new Registry();
  const onAnswer = argocdMetrics(registry, 'main');
  onAnswer('list', 200, 1_500);
  onAnswer('list', 0, 30_000);
  onAnswer('stream', 200);
  const series = await scrape(registry);
  expect(series.get('release_button_argocd_requests_total{call="list",code="200",worker="main"}')).toBe(1);
  expect(series.get('release_button_argocd_requests_total{call="list",code="none",worker="main"}')).toBe(1);
  expect(series.get('release_button_argocd_requests_total{call="stream",code="200",worker="main"}')).toBe(1);
  expect(series.get('release_button_argocd_request_duration_seconds_sum{call="list",worker="main"}')).toBe(
    31.5,
  );
  expect(
    series.get('release_button_argocd_request_duration_seconds_bucket{call="list",le="2.5",worker="main"}'),
  ).toBe(1);
  expect([...series.keys()].filter((key) => key.includes('duration') && key.includes('stream'))).toEqual([]);
});
