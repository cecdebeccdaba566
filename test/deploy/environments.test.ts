// The configuration files and manifests for staging and production, compared with each other and with what the processes
// read.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { healthPorts, processSections } from '../../cli/processes.ts';
import { loadConfig } from '../../config/load.ts';
import { directory } from '../config/support.ts';
import { build, buildByKubectl, hasKubectl } from './kustomize.ts';
import { readFolder, type Manifest } from './manifests.ts';
import { createReach, type End } from './reachability.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/environments-setup.md'), 'utf8');
const environments = ['staging', 'production'] as const;

const load = async (text: string) =>
  loadConfig({
    sections: processSections['release-worker'],
    required: ['argocd.server', 'argocd.token', 'mqtt.url'],
    cwd: await directory({ 'config/release-button.yaml': text, token: 'the-token\n', 'ca.pem': '' }),
    env: {},
    flags: {},
  });
const workerOf = (environment: string) =>
  load(readFileSync(join(root, `deploy/environments/${environment}.yaml`), 'utf8'));
const panel = async () => {
  const { config, warnings } = await loadConfig({
    sections: processSections['gpio-agent'],
    cwd: root,
    env: {},
    flags: {},
    configFile: join(root, 'deploy/environments/panel.yaml'),
  });
  expect(warnings).toEqual([]);
  return config;
};
const yamlOnPage = (start: string) =>
  new RegExp(`\`\`\`yaml\\n(${start}[^]*?)\`\`\``).exec(page)?.[1] ?? `no ${start} on the page`;

describe('the configuration files', () => {
  test('of the two workers name the broker of the panel, and share nothing that must be their own', async () => {
    const [staging, production] = await Promise.all(environments.map(workerOf));
    if (staging === undefined || production === undefined) throw new Error('two files');
    const ownValues = [staging, production].map(({ config: { argocd, health, worker } }) => ({
      id: worker.id,
      title: worker.title,
      stateDir: worker.stateDir,
      buttons: worker.buttons.map(({ id }) => id),
      buttonTitles: worker.buttons.map(({ title }) => title),
      server: argocd.server,
      token: argocd.token,
      port: health.port ?? healthPorts['release-worker'],
    }));
    const [first = {}, two = {}] = ownValues;
    const shared = Object.entries(first).filter(([, value]) =>
      Object.values(two).some((otherValue) => JSON.stringify(otherValue) === JSON.stringify(value)),
    );
    expect(shared).toEqual([]);
    expect(ownValues.map(({ id, buttons }) => [id, buttons])).toEqual(
      environments.map((environment) => [environment, [environment]]),
    );
    const { mqtt } = await panel();
    for (const { config } of [staging, production]) expect(config.mqtt).toEqual(mqtt);
  });

  test('give the panel a button and a light for each worker, with separate pins', async () => {
    const { agent } = await panel();
    expect(agent.buttons.map(({ id }) => id)).toEqual(environments);
    expect(agent.leds.map(({ id, follows }) => [id, follows])).toEqual(
      environments.map((environment) => [environment, environment]),
    );
    for (const [index, environment] of environments.entries())
      expect(page).toMatch(
        new RegExp(
          `\\| ${environment} +\\| GPIO ${agent.buttons[index]?.line} \\(pin \\d+\\) +\\| GPIO ${agent.leds[index]?.line} `,
        ),
      );
    // The agent must recognise every gesture that has an action.
    const actions = await Promise.all(environments.map(workerOf));
    for (const [index, { config }] of actions.entries())
      expect(Object.keys(config.worker.buttons[0]?.on ?? {})).toEqual(agent.buttons[index]?.gestures);
  });

  test('are the same as on the page, except for Argo CD', async () => {
    const onPage = await load(yamlOnPage('# production').replace('/run/secrets/argocd/token', './token'));
    const { config } = await workerOf('production');
    const comparable = ({ argocd: _, worker, ...rest }: typeof config) => ({
      ...rest,
      worker: { ...worker, buttons: worker.buttons.map(({ select: _selected, ...button }) => button) },
    });
    expect(comparable(onPage.config)).toEqual(comparable(config));
    expect(onPage.warnings).toEqual([]);
  });

  test('have the ports of /healthz that the page tells Prometheus', async () => {
    const scrape = z
      .object({
        scrape_configs: z.array(
          z.object({
            static_configs: z.array(
              z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }),
            ),
          }),
        ),
      })
      .parse(parse(yamlOnPage('scrape_configs')));
    const workers = await Promise.all(environments.map(workerOf));
    expect(scrape.scrape_configs.flatMap((job) => job.static_configs)).toEqual(
      workers.map(({ config: { health, worker } }) => ({
        targets: [`127.0.0.1:${health.port ?? healthPorts['release-worker']}`],
        labels: { process: 'release-worker', instance: worker.id },
      })),
    );
  });
});

describe('the manifests for Kubernetes', () => {
  const names = (manifests: readonly Manifest[]) =>
    manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted();
  const policiesOf = (manifests: readonly Manifest[]) =>
    manifests.flatMap((one) => (one.kind === 'NetworkPolicy' ? [one.spec] : []));
  const panelBuilt = build('panel');
  const workers = environments.map((environment) => ({ environment, ...build(environment) }));
  const argocdServer = { 'app.kubernetes.io/name': 'argocd-server' };
  const endpoints = workers.map(({ environment, namespace, manifests }) => {
    const [pod] = manifests.flatMap((one) => (one.kind === 'StatefulSet' ? [one.spec.template] : []));
    const [namespaceMetadata] = manifests.flatMap((one) => (one.kind === 'Namespace' ? [one.metadata] : []));
    const worker: End = {
      namespace,
      labels: pod?.metadata.labels ?? {},
      namespaceLabels: namespaceMetadata?.labels ?? {},
    };
    return { environment, worker, reach: createReach(policiesOf(manifests), namespace) };
  });
  const broker: End = {
    namespace: panelBuilt.namespace,
    labels: readFolder('').named('Deployment', 'release-button-broker').spec.template.metadata.labels,
  };
  const mqtt = { protocol: 'TCP', port: 1883 } as const;

  test('put the broker and each worker into separate namespaces', () => {
    expect(names(panelBuilt.manifests)).toEqual([
      'Deployment release-button-broker',
      'Namespace release-button',
      'NetworkPolicy default-deny',
      'NetworkPolicy dns',
      'NetworkPolicy mqtt-client',
      'NetworkPolicy release-button-broker',
      'Service release-button-broker',
    ]);
    for (const { environment, manifests } of workers)
      expect(names(manifests)).toEqual([
        'ConfigMap release-worker-config',
        `Namespace release-button-${environment}`,
        'NetworkPolicy default-deny',
        'NetworkPolicy dns',
        'NetworkPolicy release-worker',
        'PersistentVolumeClaim release-worker-state',
        'Service release-worker',
        'StatefulSet release-worker',
      ]);
  });

  test('let each worker reach the broker and its own Argo CD, and not the Argo CD of the other environment', () => {
    const atBroker = createReach(policiesOf(panelBuilt.manifests), panelBuilt.namespace);
    for (const { environment, worker, reach } of endpoints) {
      expect(reach(worker, broker, mqtt)).toBe(true);
      expect(atBroker(worker, broker, mqtt)).toBe(true);
      expect(atBroker({ ...worker, namespaceLabels: {} }, broker, mqtt)).toBe(false);
      expect(reach(worker, { ...broker, namespace: 'elsewhere' }, mqtt)).toBe(false);
      const argocds = environments.map((other) =>
        reach(
          worker,
          { namespace: `argocd-${other}`, labels: argocdServer },
          { protocol: 'TCP', port: 8080 },
        ),
      );
      expect(argocds).toEqual(environments.map((other) => other === environment));
    }
  });

  test('give each worker a configuration that loads, names only its environment, and finds the broker', async () => {
    for (const { environment, manifests } of workers) {
      const [text = ''] = manifests.flatMap((one) =>
        one.kind === 'ConfigMap' ? Object.values(one.data) : [],
      );
      const { config, warnings } = await load(
        text.replace('/etc/release-button/token', './token').replace(/^ *caFile: .*\n/m, ''),
      );
      expect(warnings).toEqual([]);
      expect([config.worker.id, ...config.worker.buttons.map(({ id }) => id)]).toEqual([
        environment,
        environment,
      ]);
      expect(new URL(config.argocd.server).hostname).toBe(`argocd-server.argocd-${environment}.svc`);
      expect(config.mqtt.url).toBe(`mqtt://release-button-broker.${panelBuilt.namespace}:1883`);
      expect(text).not.toContain(environments.find((other) => other !== environment));
      // All other objects are the same as in the manifests for one worker.
      const base = await load(
        readFileSync(join(root, 'deploy/kubernetes/release-button.yaml'), 'utf8')
          .replace('/etc/release-button/token', './token')
          .replace(/^ *caFile: .*\n/m, ''),
      );
      expect(config.health).toEqual(base.config.health);
      expect(config.worker.stateDir).toBe(base.config.worker.stateDir);
      expect(config.argocd.token).toBe(base.config.argocd.token);
    }
  });

  // Without kubectl this loop adds no test instead of a skipped one, because a CI has no kubectl that is new enough. All
  // tests above do without it.
  for (const name of hasKubectl ? ['panel', ...environments] : [])
    test(`are built from ${name}/ by kubectl in the same way as in this test`, () => {
      const sorted = (manifests: readonly Manifest[]) =>
        manifests.toSorted((one, other) =>
          `${one.kind} ${one.metadata.name}`.localeCompare(`${other.kind} ${other.metadata.name}`),
        );
      expect(sorted(buildByKubectl(name))).toEqual(sorted(build(name).manifests));
    });
});
