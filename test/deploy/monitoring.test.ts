// Checks the files for Prometheus and Grafana in deploy/monitoring/, with promtool and with the real registries.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { alertRules } from '../../tools/metrics-page.ts';
import { healthPorts } from '../../cli/processes.ts';
import { signals } from '../../messages/button.ts';
import { hasPromtool } from '../support/programs.ts';
import { faultsOf, knownSeries } from '../support/promql.ts';
import { promtool } from '../support/promtool.ts';

const folder = join(import.meta.dirname, '../../deploy/monitoring');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const rules = alertRules(read('release-button.rules.yaml'));

const mappingSchema = z.object({
  options: z.record(z.string(), z.object({ index: z.number(), text: z.string(), color: z.string() })),
});

const dashboardSchema = z.object({
  uid: z.string(),
  schemaVersion: z.number(),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown() })),
  }),
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.string(),
      title: z.string(),
      gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
      datasource: z.exactOptional(z.object({ type: z.string(), uid: z.string() })),
      description: z.exactOptional(z.string()),
      fieldConfig: z.exactOptional(
        z.object({
          defaults: z.object({ unit: z.string(), mappings: z.exactOptional(z.array(mappingSchema)) }),
        }),
      ),
      targets: z.exactOptional(
        z.array(
          z.object({
            refId: z.string(),
            expr: z.string(),
            legendFormat: z.string(),
            datasource: z.object({ type: z.string(), uid: z.string() }),
          }),
        ),
      ),
    }),
  ),
});
const dashboard = dashboardSchema.parse(JSON.parse(read('grafana-dashboard.json')));
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const targets = panels.flatMap((panel) => panel.targets ?? []);

/** The query that Grafana sends to Prometheus when every choice is selected. */
const filledIn = (expression: string) =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll(/\$(button|worker)/g, '.*');

/** Every expression that a person may copy from our pages. */
const expressions = (): readonly string[] => [
  ...targets.map(({ expr }) => filledIn(expr)),
  ...[...readFileSync(join(folder, '../../docs/metrics.md'), 'utf8').matchAll(/```promql\n([^`]+)```/g)].map(
    ([, expression = '']) => expression.trim(),
  ),
];

describe.skipIf(!hasPromtool)('promtool', () => {
  test('accepts the rules and the configuration', () => {
    expect(promtool(['check', 'rules', join(folder, 'release-button.rules.yaml')])).toMatchObject({
      ok: true,
    });
    expect(promtool(['check', 'config', join(folder, 'prometheus.yaml')])).toMatchObject({ ok: true });
  });

  test('finds that each alert fires when it should, and not before', () => {
    const checked = promtool(['test', 'rules', join(folder, 'release-button.rules.test.yaml')]);
    expect(checked.output).toContain('SUCCESS');
    expect(checked.ok).toBe(true);
  });

  test('can read every expression of the dashboard and of the pages', () => {
    const all = expressions();
    expect(all.length).toBeGreaterThan(30);
    const directory = mkdtempSync(join(tmpdir(), 'release-button-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'expressions.yaml');
    // JSON is also YAML.
    const records = all.map((expr, index) => ({ record: `expression_${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'expressions', rules: records }] }));
    expect(promtool(['check', 'rules', file])).toMatchObject({ ok: true });
  });
});

test('names in an expression that do not exist are found', async () => {
  const known = await knownSeries();
  for (const [expression, textLabel, fault] of [
    ['rate(release_button_pressed_total[5m])', '', 'no series release_button_pressed_total'],
    ['release_button_presses_total{result="x"}', '', 'no label result'],
    ['sum by (led) (release_button_signal)', '', 'groups by led'],
    ['sum by (button) (release_button_signal)', 'signal', 'shows signal'],
    ['sum without (signal) (release_button_signal)', 'signal', 'shows signal'],
    ['release_button_release_duration_seconds', '', 'no series release_button_release_duration_seconds'],
    ['1 + 1', '', 'asks for no series'],
  ] as const)
    expect(faultsOf(expression, textLabel === '' ? [] : [textLabel], known).join()).toContain(fault);
});

describe('the alerts', () => {
  test('name only series and labels that exist', async () => {
    const known = await knownSeries();
    const faults = rules.flatMap(({ expr, annotations }) => {
      const textLabels = Object.values(annotations).flatMap((text) =>
        [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label),
      );
      return faultsOf(expr, textLabels, known);
    });
    expect(faults).toEqual([]);
  });

  test('each say in sentences what is wrong, what it means and what to do', () => {
    for (const { alert, annotations } of rules)
      for (const text of Object.values(annotations)) expect(text, alert).toMatch(/^[A-Z`"].{20,}\.$/);
  });

  test('name the worker that they are about', async () => {
    const known = await knownSeries();
    for (const { alert, expr, annotations } of rules) {
      const isOfWorker = [...known].some(
        ([name, labels]) => labels.has('worker') && new RegExp(`\\b${name}\\b`).test(expr),
      );
      const text = Object.values(annotations).join(' ');
      expect(text.includes('$labels.worker'), alert).toBe(isOfWorker);
    }
  });

  test('each have a test in which they fire', () => {
    const expected = read('release-button.rules.test.yaml');
    for (const { alert } of rules) expect(expected).toContain(`alertname="${alert}"`);
  });
});

describe('the scrape configuration', () => {
  const { scrape_configs: jobs } = z
    .object({
      scrape_configs: z.array(
        z.object({
          job_name: z.string(),
          static_configs: z.array(
            z.object({ targets: z.array(z.string()), labels: z.object({ process: z.string() }) }),
          ),
        }),
      ),
    })
    .parse(parse(read('prometheus.yaml')));

  test('has the job that rules and dashboard use, and the ports of the processes', () => {
    expect(jobs.map((job) => job.job_name)).toEqual(['release-button']);
    const ports = new Map<string, number>(Object.entries(healthPorts));
    for (const { targets, labels } of jobs.flatMap((job) => job.static_configs))
      expect(targets).toEqual([`127.0.0.1:${ports.get(labels.process)}`]);
    for (const job of read('release-button.rules.yaml').matchAll(/job="([^"]*)"/g))
      expect(job[1]).toBe('release-button');
  });
});

describe('the dashboard', () => {
  test('names only series and labels that exist', async () => {
    const known = await knownSeries();
    const faults = targets.flatMap(({ expr, legendFormat }) =>
      faultsOf(
        filledIn(expr),
        [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
        known,
      ),
    );
    expect(faults).toEqual([]);
  });

  test('filters every series of a worker by the chosen workers', async () => {
    const known = await knownSeries();
    const queriedSeries = targets.flatMap(({ expr }) =>
      [...expr.matchAll(/(release_button_\w+)(\{[^}]*\})?/g)].map(([, name = '', labels = '']) => ({
        name,
        labels,
      })),
    );
    const ofWorkers = queriedSeries.filter(({ name }) => known.get(name)?.has('worker') === true);
    expect(ofWorkers.length).toBeGreaterThan(15);
    expect(ofWorkers.filter(({ labels }) => !labels.includes('worker=~"$worker"'))).toEqual([]);
  });

  test('has panels that each have an id, a place, a title, a unit and a description', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
    for (const { title, fieldConfig, description, targets = [] } of panels) {
      expect(title).not.toBe('');
      expect(fieldConfig?.defaults.unit, title).toMatch(/^\w+$/);
      expect(description, title).toMatch(/\.$/);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
      expect(targets.length, title).toBeGreaterThan(0);
    }
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });

  test('uses its data source, and no other', () => {
    expect(dashboard.templating.list[0]).toMatchObject({
      name: 'datasource',
      type: 'datasource',
      query: 'prometheus',
    });
    for (const { datasource } of [...panels, ...targets])
      expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
    const variables = new Set(dashboard.templating.list.map(({ name }) => name));
    for (const { expr } of targets)
      for (const [, name = ''] of expr.matchAll(/\$(\w+)/g))
        expect(name === '__rate_interval' || variables.has(name), expr).toBe(true);
  });

  test('has a colour and a word for every signal (the panel of release_button_signal in grafana-dashboard.json)', () => {
    const panel = panels.find(({ targets: [firstTarget] = [] }) =>
      firstTarget?.expr.includes('release_button_signal{'),
    );
    const terms = signals.map(
      (signal, value) =>
        `${value} * release_button_signal{worker=~"$worker", button=~"$button", signal="${signal}"}`,
    );
    expect(panel?.targets?.map(({ expr }) => expr)).toEqual([
      `sum by (worker, button) (${terms.join(' or ')})`,
    ]);
    const [mapping] = panel?.fieldConfig?.defaults.mappings ?? [];
    const words = Object.entries(mapping?.options ?? {});
    expect(words.map(([value, { index, text }]) => `${value}: ${index}, ${text}`)).toEqual(
      signals.map((signal, value) => `${value}: ${value}, ${signal}`),
    );
    expect(new Set(words.map(([, { color }]) => color)).size).toBe(signals.length);
  });
});
