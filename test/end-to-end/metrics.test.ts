// /metrics of real processes: what a press changes, what promtool reports, and a real Prometheus with our rules.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedMetrics } from '../../tools/documented-metrics.ts';
import {
  startSeparately,
  startInOne,
  type SeparateInstallation,
  type Installation,
} from '../support/installation.ts';
import { scrape, seriesOf, type Series } from '../support/metrics.ts';
import { publish, type Running } from '../support/processes.ts';
import { hasMosquitto, hasPrometheus, hasPromtool } from '../support/programs.ts';
import { promtool } from '../support/promtool.ts';
import { until } from '../support/wait.ts';

const applications = [
  { name: 'shop', drifted: true, syncMs: 1_200 },
  { name: 'tidy', drifted: false },
];
const metricsOf = (running: Running) =>
  running.untilListening((line) => line['what'] === 'health and metrics');
const press = ({ brokerUrl }: Installation, button = 'main') =>
  publish(brokerUrl, ['-t', `release-button/button/${button}/press`, '-m', 'press']);

describe.skipIf(!hasMosquitto)('a press in `release-button start`', () => {
  let demo: Installation & { readonly start: Running };
  let url: string;
  let before: Series;
  beforeAll(async () => {
    demo = await startInOne(applications);
    await demo.untilSignal('drifted');
    url = await metricsOf(demo.start);
    before = await scrape(url);
  });
  afterAll(() => demo.workplace.clear());

  it('comes when everything is healthy: connected, fresh, and something to release for some seconds', () => {
    const now = Date.now() / 1000;
    for (const [name, value] of [
      ['mqtt_connected{role="agent"}', 1],
      ['mqtt_connected{role="worker"}', 1],
      ['mqtt_connects_total{role="worker"}', 1],
      ['argocd_fresh{worker="main"}', 1],
      ['applications{button="main",state="out-of-sync",worker="main"}', 1],
      ['applications{button="main",state="in-sync",worker="main"}', 1],
      ['signal{button="main",signal="drifted",worker="main"}', 1],
      ['agent_light_offline{led="main"}', 0],
      ['releases_running{button="main",worker="main"}', 0],
    ] as const)
      expect(before.get(`release_button_${name}`), name).toBe(value);
    for (const name of [
      'drift_oldest_timestamp_seconds{button="main",worker="main"}',
      'argocd_heard_timestamp_seconds{worker="main"}',
    ]) {
      const age = now - (before.get(`release_button_${name}`) ?? 0);
      expect(age, name).toBeGreaterThan(-5);
      expect(age, name).toBeLessThan(120);
    }
  });

  it('is accepted, runs, succeeds after the measured time, and leaves no drift', async () => {
    press(demo);
    await until(
      'a running release',
      async () =>
        (await scrape(url)).get('release_button_releases_running{button="main",worker="main"}') === 1,
    );
    await demo.untilSignal('clear');
    const after = await scrape(url);
    const grown = (name: string) =>
      (after.get(`release_button_${name}`) ?? 0) - (before.get(`release_button_${name}`) ?? 0);
    expect(grown('presses_total{button="main",outcome="accepted",reason="",worker="main"}')).toBe(1);
    expect(grown('releases_total{button="main",outcome="succeeded",worker="main"}')).toBe(1);
    expect(grown('release_duration_seconds_count{button="main",outcome="succeeded",worker="main"}')).toBe(1);
    expect(
      grown('release_duration_seconds_sum{button="main",outcome="succeeded",worker="main"}'),
    ).toBeGreaterThan(1);
    expect(
      grown('release_duration_seconds_bucket{button="main",le="1",outcome="succeeded",worker="main"}'),
    ).toBe(0);
    expect(grown('argocd_requests_total{call="sync",code="200",worker="main"}')).toBe(1);
    expect(grown('argocd_request_duration_seconds_count{call="sync",worker="main"}')).toBe(1);
    expect(grown('broker_published_messages_total')).toBeGreaterThan(3);
    expect(grown('applications{button="main",state="out-of-sync",worker="main"}')).toBe(-1);
    expect(after.get('release_button_releases_running{button="main",worker="main"}')).toBe(0);
    expect(after.has('release_button_drift_oldest_timestamp_seconds{button="main",worker="main"}')).toBe(
      false,
    );
  });

  it('makes no new series, whatever button it names', async () => {
    const before = await scrape(url);
    for (const button of ['garden', 'constructor', 'x-1', 'x-2']) press(demo, button);
    const name =
      'release_button_presses_total{button="unknown",outcome="rejected",reason="unknown-button",worker="main"}';
    await until('four presses of unknown buttons', async () => (await scrape(url)).get(name) === 4);
    const ownSeries = (series: Series) =>
      [...series.keys()].filter((key) => key.startsWith('release_button_'));
    expect(ownSeries(await scrape(url))).toEqual(ownSeries(before));
  });

  it.skipIf(!hasPrometheus)(
    'is scraped by a real Prometheus, which evaluates the rules without an error',
    async () => {
      const folder = join(import.meta.dirname, '../../deploy/monitoring');
      const prometheusFolder = join(demo.workplace.directory, 'prometheus');
      mkdirSync(prometheusFolder);
      const read = (name: string) => readFileSync(join(folder, name), 'utf8');
      writeFileSync(join(prometheusFolder, 'release-button.rules.yaml'), read('release-button.rules.yaml'));
      const config = read('prometheus.yaml')
        .replaceAll('15s', '1s')
        .replace('127.0.0.1:9881', new URL(url).host)
        .replace(/ {6}# Leave out[\s\S]*/, '');
      writeFileSync(join(prometheusFolder, 'prometheus.yaml'), config);
      const prometheus = demo.workplace.spawn('prometheus', [
        `--config.file=${prometheusFolder}/prometheus.yaml`,
        `--storage.tsdb.path=${prometheusFolder}/data`,
        '--web.listen-address=127.0.0.1:0',
      ]);
      await prometheus.untilOutput(/Listening on.*address=127\.0\.0\.1:\d+/);
      const port = /Listening on.*address=127\.0\.0\.1:(\d+)/.exec(prometheus.output())?.[1];
      const getFrom = async (path: string): Promise<Answer> =>
        JSON.parse(await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).text());
      const query = async (expression: string) =>
        (await getFrom(`query?query=${encodeURIComponent(expression)}`)).data.result ?? [];

      await until('Prometheus to be ready', async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok);
      const groups = await until('all rules to be evaluated', async () => {
        const groups = (await getFrom('rules')).data.groups ?? [];
        const rules = groups.flatMap((group) => group.rules);
        return rules.length > 0 && rules.every(({ health }) => health !== 'unknown') && rules;
      });
      expect(groups.filter(({ health }) => health !== 'ok')).toEqual([]);
      await until('the target to be up', async () => (await query('up == 1')).length === 1);
      expect(await query('release_button_signal == 1')).toMatchObject([
        { metric: { job: 'release-button', process: 'broker', button: 'main', signal: 'clear' } },
      ]);
      expect(await query('ALERTS{alertstate="firing"}')).toEqual([]);
    },
  );
});

interface Answer {
  readonly data: {
    readonly result?: readonly object[];
    readonly groups?: readonly {
      readonly rules: readonly { readonly name: string; readonly health: string }[];
    }[];
  };
}

describe.skipIf(!hasPromtool)('/metrics of each process', () => {
  let installation: SeparateInstallation;
  beforeAll(async () => {
    installation = await startSeparately(applications);
    await installation.untilSignal('drifted');
    press(installation);
    press(installation, 'garden');
    await installation.untilSignal('clear');
  });
  afterAll(() => installation.workplace.clear());

  it.each(['broker', 'agent', 'worker'] as const)(
    'passes promtool, and is complete in docs/metrics.md: the %s',
    async (process) => {
      const text = await (await fetch(`${await metricsOf(installation[process])}/metrics`)).text();
      expect(promtool(['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
      const documentedSeries = (await documentedMetrics()).flatMap(({ metrics }) => metrics);
      const types = new Map(
        [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => [name, type]),
      );
      expect(types.size).toBeGreaterThan(20);
      for (const [name, type] of types)
        expect(documentedSeries.find((metric) => metric.name === name)?.type, name).toBe(type);
      for (const [key] of seriesOf(text)) {
        const [, name = '', labels = ''] = /^([^{]+)(.*)$/.exec(key) ?? [];
        const metric = documentedSeries.find(
          (each) => each.name === name.replace(/_(bucket|sum|count)$/, '') || each.name === name,
        );
        const documented = new Set([...(metric?.labels ?? []).map((label) => label.name), 'le']);
        for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) expect(documented, key).toContain(label);
      }
    },
  );
});
