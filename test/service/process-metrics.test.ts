// The metrics of every process, on a real event loop.
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createHealth } from '../../service/health.ts';
import { processMetrics } from '../../service/process-metrics.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { scrape } from '../support/metrics.ts';
import { until } from '../support/wait.ts';

const meanDelay = 'release_button_event_loop_delay_mean_seconds';
const maxDelay = 'release_button_event_loop_delay_max_seconds';

function registryAndHealth() {
  const registry = new Registry();
  const health = createHealth(createFakeClock());
  processMetrics({ registry, version: '1.2.3', health });
  return { registry, health };
}

const loops = (ms: number) => {
  const end = performance.now() + ms;
  return until('time to pass in the loop', () => performance.now() >= end);
};

// The real maximum may be high once, on a machine that is busy with other tests.
test('the interval between two measurements is not counted as delay', { retry: 5 }, async () => {
  const { registry } = registryAndHealth();
  await loops(550);
  const series = await scrape(registry);
  expect(series.get(meanDelay)).toBeLessThan(0.08);
});

test('a blocked event loop shows its delay until the next scrape', async () => {
  const { registry } = registryAndHealth();
  await loops(250);
  const end = performance.now() + 600;
  while (performance.now() < end);
  await loops(250);
  const delay = (await scrape(registry)).get(maxDelay);
  expect(delay).toBeGreaterThan(0.4);
  await loops(20);
  expect((await scrape(registry)).get(maxDelay)).toBeLessThan(0.4);
});

test('a scrape right after another one has numbers, although nothing was measured in between', async () => {
  const { registry } = registryAndHealth();
  await scrape(registry);
  const series = await scrape(registry);
  expect([series.get(meanDelay), series.get(maxDelay)]).toEqual([0, 0]);
});

test('the version and each health check have a series', async () => {
  const { registry, health } = registryAndHealth();
  health.check('argocd', 'failing').ok();
  health.check('LED main', 'degraded').bad('its pin is gone');
  const series = await scrape(registry);
  expect(series.get('release_button_build_info{version="1.2.3"}')).toBe(1);
  expect(series.get('release_button_health_check_ok{check="argocd"}')).toBe(1);
  expect(series.get('release_button_health_check_ok{check="LED main"}')).toBe(0);
});
