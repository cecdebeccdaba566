// Compares the manifests for Kubernetes with the code that they start: configuration, ports, paths, probes, and the rules
// of a restricted namespace.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { healthPorts, processSections } from '../../cli/processes.ts';
import { loadConfig } from '../../config/load.ts';
import { createHealth } from '../../service/health.ts';
import { createHealthServer } from '../../service/health-server.ts';
import { silentLog } from '../../service/log.ts';
import { ownVersion } from '../../service/version.ts';
import { authority, directory } from '../config/support.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { folder, readFolder, type Pod } from './manifests.ts';
import { selects } from './reachability.ts';

const base = readFolder('');
const lan = readFolder('lan');
const argocd = readFolder('argocd');
const broker = base.named('Deployment', 'release-button-broker');
const worker = base.named('StatefulSet', 'release-worker');
const workloads = [broker, worker];
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const guide = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

const containerOf = ({ spec: { template } }: { readonly spec: { readonly template: Pod } }) =>
  template.spec.containers[0];

function portOf(workload: (typeof workloads)[number], name: string): number {
  const containerPort = containerOf(workload).ports.find((port) => port.name === name);
  if (containerPort === undefined) throw new Error(`${workload.metadata.name} has no port ${name}`);
  return containerPort.containerPort;
}

const environmentOf = (workload: (typeof workloads)[number]) =>
  Object.fromEntries(containerOf(workload).env.map(({ name, value }) => [name, value]));

/** The files at each path in the pod of the worker, with their sources. */
const filesInPod = worker.spec.template.spec.volumes.flatMap(({ name, projected }) => {
  const mount = containerOf(worker).volumeMounts.find((each) => each.name === name);
  return (projected?.sources ?? []).flatMap(({ configMap, secret }) =>
    [configMap, secret].flatMap((source) =>
      (source?.items ?? []).map(({ key, path }) => ({
        path: join(mount?.mountPath ?? 'not mounted', path),
        source: source?.name ?? '',
        key,
      })),
    ),
  );
});

/** Loads the configuration of the worker as its pod would, with the root of the pod in a directory. */
async function loadWorker() {
  const root = await directory();
  const [generator] = base.kustomization.configMapGenerator;
  const contents: Readonly<Record<string, string>> = {
    'release-button.yaml': readFileSync(join(folder, generator?.files[0] ?? ''), 'utf8')
      .replaceAll('/etc/', `${root}/etc/`)
      .replaceAll('/var/', `${root}/var/`),
    token: 'the-token\n',
  };
  for (const { path, key } of filesInPod) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), contents[key] ?? authority());
  }
  const { args } = containerOf(worker);
  const loaded = await loadConfig({
    sections: processSections['release-worker'],
    required: ['argocd.server', 'argocd.token', 'mqtt.url'],
    cwd: root,
    env: environmentOf(worker),
    flags: {},
    configFile: join(root, args[args.indexOf('--config') + 1] ?? ''),
  });
  return { ...loaded, inPod: (path: string) => path.replace(root, '') };
}

test.each([
  ['deploy/kubernetes', base],
  ['deploy/kubernetes/lan', lan],
  ['deploy/kubernetes/argocd', argocd],
])('the kustomization in %s lists every file beside it once', (_, { kustomization, files }) => {
  const { resources, patches, configMapGenerator } = kustomization;
  const namedFiles = [
    ...resources,
    ...patches.map(({ path }) => path),
    ...configMapGenerator.flatMap((generator) => generator.files),
  ];
  expect(namedFiles.toSorted()).toEqual([...files].toSorted());
});

test('the broker is not open to a network by default', () => {
  expect(base.kustomization.components).toEqual([]);
  expect([lan.kustomization.kind, argocd.kustomization.kind]).toEqual(['Component', 'Component']);
});

test('both workloads run the image of this version', () => {
  expect(base.kustomization.images).toEqual([{ name: containerOf(broker).image, newTag: ownVersion() }]);
  expect(containerOf(worker).image).toBe(containerOf(broker).image);
  for (const [, tag] of readme.matchAll(/release-button:(\d+\.\d+\.[^\s`'"]*)/g))
    expect(tag).toBe(ownVersion());
});

test('the variables of the broker are its settings, and the declared ports are the ports that it opens', async () => {
  const { config, warnings } = await loadConfig({
    sections: processSections.broker,
    cwd: await directory(),
    env: environmentOf(broker),
    flags: {},
  });
  expect(warnings).toEqual([]);
  expect(containerOf(broker).args).toEqual(['broker']);
  expect(config.broker.host).toBe('0.0.0.0');
  expect(config.health.host).toBe('0.0.0.0');
  expect(portOf(broker, 'mqtt')).toBe(config.broker.port);
  expect(portOf(broker, 'health')).toBe(config.health.port ?? healthPorts.broker);
});

test('the configuration of the worker loads from the mounts of its pod, without a warning', async () => {
  const { config, file, warnings, inPod } = await loadWorker();
  expect(warnings).toEqual([]);
  expect(containerOf(worker).args).toEqual(['release-worker', '--config', inPod(file ?? '')]);
  expect(config.argocd.token).toBe('the-token');
  expect(config.health.host).toBe('0.0.0.0');
  expect(portOf(worker, 'health')).toBe(config.health.port ?? healthPorts['release-worker']);
  const pathsInPod = filesInPod.map(({ path }) => path);
  expect(pathsInPod).toContain(inPod(config.argocd.caFile ?? ''));
  expect(pathsInPod).toHaveLength(3);
});

test('the journal is on the volume, which is the only place where the worker may write', async () => {
  const { config, inPod } = await loadWorker();
  const writable = containerOf(worker).volumeMounts.filter(({ readOnly }) => !readOnly);
  expect(writable.map(({ mountPath }) => mountPath)).toEqual([inPod(config.worker.stateDir)]);
  const volume = worker.spec.template.spec.volumes.find(({ name }) => name === writable[0]?.name);
  const claim = volume?.persistentVolumeClaim?.claimName ?? '';
  expect(base.named('PersistentVolumeClaim', claim)).toMatchObject({
    spec: { accessModes: ['ReadWriteOnce'] },
  });
  expect(worker.spec.template.spec.securityContext).toMatchObject({ fsGroup: 1000 });
});

test('everything that the pods mount is made by kustomize, or by a command in README.md', () => {
  const generated = base.kustomization.configMapGenerator;
  for (const { source, key } of filesInPod) {
    const generator = generated.find(({ name }) => name === source);
    if (generator === undefined)
      expect(readme).toMatch(
        new RegExp(
          `create (secret generic|configmap) ${source} [^\\n]*--from-file=${key.replace('.', '\\.')}`,
        ),
      );
    else expect(generator.files.map((file) => basename(file))).toContain(key);
  }
});

test('the repository contains no Secret', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.yaml')))
    expect(readFileSync(join(folder, file), 'utf8'), file).not.toMatch(/^kind: Secret|secretGenerator/m);
});

test('the worker finds the broker by the name and the port of its Service', async () => {
  const { config } = await loadWorker();
  const { hostname, port } = new URL(config.mqtt.url);
  const { spec } = base.named('Service', hostname);
  expect(spec.ports).toMatchObject([{ port: Number(port), targetPort: 'mqtt' }]);
});

test.each([...base.all('Service'), ...lan.all('Service')])(
  'the Service $metadata.name selects the pods of one workload, and a port that they have',
  ({ spec }) => {
    const reached = workloads.filter(({ spec: { template } }) =>
      selects({ matchLabels: spec.selector, matchExpressions: [] }, template.metadata.labels),
    );
    expect(reached).toHaveLength(1);
    const names = reached.flatMap((workload) => containerOf(workload).ports.map(({ name }) => name));
    for (const { targetPort } of spec.ports) expect(names).toContain(targetPort);
  },
);

test.each(workloads)('the selector of $metadata.name matches its own pods, and no others', (workload) => {
  const matchingWorkloads = workloads.filter(({ spec: { template } }) =>
    selects(workload.spec.selector, template.metadata.labels),
  );
  expect(matchingWorkloads).toEqual([workload]);
});

test('there is one worker and one broker: each has one pod, and the old pod ends before the new one starts', () => {
  // A StatefulSet never runs two pods. For a Deployment, the schema of the manifests demands Recreate.
  expect(workloads.map(({ kind, spec }) => [kind, spec.replicas])).toEqual([
    ['Deployment', 1],
    ['StatefulSet', 1],
  ]);
  expect(base.named('Service', worker.spec.serviceName).spec).toMatchObject({ clusterIP: 'None' });
});

test.each(workloads)(
  '$metadata.name is not ready without its dependencies, but is not restarted because of them',
  async (workload) => {
    const health = createHealth(createFakeClock());
    const metrics = new Registry();
    const server = createHealthServer({ host: '127.0.0.1', port: 0, health, metrics, log: silentLog() });
    onTestFinished(() => server.stop());
    const { url } = await server.start();
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(workload);
    const ask = async ({ httpGet: { path } }: typeof livenessProbe) => (await fetch(`${url}${path}`)).status;
    const condition = health.check('its work', 'failing');
    const all = () => Promise.all([startupProbe, livenessProbe, readinessProbe].map(ask));
    expect(await all()).toEqual([200, 200, 503]);
    condition.ok();
    expect(await all()).toEqual([200, 200, 200]);
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
      expect(httpGet.port).toBe('health');
    const { annotations } = workload.spec.template.metadata;
    expect(annotations['prometheus.io/port']).toBe(String(portOf(workload, 'health')));
    expect((await fetch(`${url}${annotations['prometheus.io/path']}`)).status).toBe(200);
  },
);

test.each(workloads)(
  '$metadata.name is admitted by a restricted namespace, and has no needless rights',
  (workload) => {
    const { spec } = workload.spec.template;
    expect(base.all('Namespace')[0]?.metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containerOf(workload).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    // The process may take up to 10 s to stop (service/life-cycle.ts).
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(10);
    const { requests, limits } = containerOf(workload).resources;
    expect(Object.keys(requests).toSorted()).toEqual(['cpu', 'memory']);
    expect(Object.keys(limits)).toEqual(['memory']);
  },
);

test('the account in Argo CD may see and sync what the button selects, and nothing else', async () => {
  const { config } = await loadWorker();
  const { data: accounts } = argocd.named('ConfigMap', 'argocd-cm');
  const { data: rights } = argocd.named('ConfigMap', 'argocd-rbac-cm');
  expect(accounts).toEqual({ 'accounts.release-button': 'apiKey' });
  // This key of its own leaves the policies of others unchanged.
  expect(Object.keys(rights)).toEqual(['policy.release-button.csv']);
  for (const { target } of argocd.kustomization.patches) expect(target.kind).toBe('ConfigMap');
  expect(argocd.kustomization.patches.map(({ target }) => target.name).toSorted()).toEqual(
    argocd
      .all('ConfigMap')
      .map(({ metadata }) => metadata.name)
      .toSorted(),
  );
  const lines = Object.values(rights).flatMap((csv) => csv.trim().split('\n'));
  const projects = config.worker.buttons.flatMap(({ select }) => select.projects ?? []);
  expect(lines).toEqual(
    projects.flatMap((project) => [
      `p, release-button, applications, get, ${project}/*, allow`,
      `p, release-button, applications, sync, ${project}/*, allow`,
      `p, release-button, projects, get, ${project}, allow`,
    ]),
  );
});

test('the pages name only files, workloads and Services that exist', () => {
  const paths = [...guide.matchAll(/deploy\/kubernetes\/([\w./-]*\w)/g)].map(([, path]) => path ?? '');
  const existingFiles = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const path of paths) expect(existingFiles).toContain(path);
  const objects = [...guide.matchAll(/\b(deployment|statefulset|service|pvc)\/([\w-]+)/g)];
  const kinds = {
    deployment: 'Deployment',
    statefulset: 'StatefulSet',
    service: 'Service',
    pvc: 'PersistentVolumeClaim',
  } as const;
  const existingObjects = [...base.manifests, ...lan.manifests].map(
    ({ kind, metadata }) => `${kind} ${metadata.name}`,
  );
  for (const [, kind, name] of objects) {
    const full = Object.entries(kinds).find(([short]) => short === kind)?.[1];
    if (name !== 'argocd-server') expect(existingObjects).toContain(`${full} ${name}`);
  }
  expect(objects.length).toBeGreaterThan(0);
});
