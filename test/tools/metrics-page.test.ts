// docs/metrics.md is current, and explains every series.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { documentedMetrics } from '../../tools/documented-metrics.ts';
import { metricsPagePath, renderMetricsPage, rulesPath, unitOf } from '../../tools/metrics-page.ts';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const metrics = (await documentedMetrics()).flatMap((group) => group.metrics);
const ownMetrics = metrics.filter(({ name }) => name.startsWith('release_button_'));

test('the page matches the registries and the rules (otherwise: npm run generate)', async () => {
  expect(await read(metricsPagePath)).toBe(await renderMetricsPage(await read(rulesPath)));
});

test('every series has a unique name, and our own series have a sentence of explanation', () => {
  expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
  for (const { name, help } of ownMetrics) expect(help, name).toMatch(/^[A-Z0-9].{10,}\.$/);
});

test('a name contains the unit, and only counters end in _total', () => {
  for (const { name, type } of ownMetrics) {
    expect(name).toMatch(/^release_button_[a-z]+(_[a-z]+)*$/);
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|percent|count|sum|bucket)$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
  }
  expect(ownMetrics.map((metric) => unitOf(metric))).toContain('seconds');
});

test('a rule without an action is refused', async () => {
  const rules = (await read(rulesPath)).replace(/action:/, 'idea:');
  await expect(renderMetricsPage(rules)).rejects.toThrow('action');
});
