// Who may press, and where the worker may connect, by the network policies of the manifests.
import { expect, test } from 'vitest';
import { readFolder } from './manifests.ts';
import { createReach, type End } from './reachability.ts';

const base = readFolder('');
const lan = readFolder('lan');
const namespace = base.kustomization.namespace ?? '';
const reach = createReach(
  base.all('NetworkPolicy').map(({ spec }) => spec),
  namespace,
);

const brokerWorkload = base.named('Deployment', 'release-button-broker');
const workerWorkload = base.named('StatefulSet', 'release-worker');
const broker: End = { namespace, labels: brokerWorkload.spec.template.metadata.labels };
const worker: End = { namespace, labels: workerWorkload.spec.template.metadata.labels };
const stranger: End = { namespace, labels: { app: 'stranger' } };
const client: End = { namespace, labels: { 'release-button/mqtt-client': 'true' } };
const abroad: End = { ...client, namespace: 'elsewhere' };
const welcome: End = { ...abroad, namespaceLabels: { 'release-button/mqtt-clients': 'true' } };
const prometheus: End = { namespace: 'monitoring', labels: {} };
const argocdServer: End = {
  namespace: 'argocd',
  labels: { 'app.kubernetes.io/name': 'argocd-server' },
};
const dns: End = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };

const tcp = (port: number) => ({ protocol: 'TCP', port }) as const;
const udp = (port: number) => ({ protocol: 'UDP', port }) as const;
const portOf = ({ spec }: typeof brokerWorkload | typeof workerWorkload, name: string) =>
  tcp(spec.template.spec.containers[0].ports.find((port) => port.name === name)?.containerPort ?? 0);
const mqtt = portOf(brokerWorkload, 'mqtt');
const health = [
  [broker, portOf(brokerWorkload, 'health')],
  [worker, portOf(workerWorkload, 'health')],
] as const;

test('the worker reaches the broker, and so do clients that somebody with rights has allowed', () => {
  expect([worker, client, welcome].map((from) => reach(from, broker, mqtt))).toEqual([true, true, true]);
});

test('nobody else reaches the broker: a pod in another namespace cannot make itself a client', () => {
  const otherPods = [stranger, abroad, { ...welcome, labels: {} }, prometheus, argocdServer];
  expect(otherPods.map((from) => reach(from, broker, mqtt))).toEqual(otherPods.map(() => false));
});

test('only the monitoring reaches health and metrics', () => {
  for (const [to, port] of health) {
    expect(reach(prometheus, to, port)).toBe(true);
    for (const from of [client, abroad, welcome, stranger]) expect(reach(from, to, port)).toBe(false);
  }
});

test('the worker reaches Argo CD at the port of its pods, and DNS, and nothing else', () => {
  expect(reach(worker, argocdServer, tcp(8080))).toBe(true);
  expect([udp(53), tcp(53)].map((port) => reach(worker, dns, port))).toEqual([true, true]);
  const otherTargets = [
    [argocdServer, tcp(443)],
    [argocdServer, tcp(22)],
    [{ namespace: 'argocd', labels: { 'app.kubernetes.io/name': 'argocd-repo-server' } }, tcp(8080)],
    [{ ...argocdServer, namespace: 'other' }, tcp(8080)],
    [dns, tcp(443)],
    [stranger, tcp(80)],
  ] as const;
  for (const [to, port] of otherTargets) expect(reach(worker, to, port)).toBe(false);
});

test('the broker connects to nothing, and a client only to the broker', () => {
  for (const to of [argocdServer, dns, worker, stranger])
    for (const port of [tcp(53), udp(53), tcp(443), tcp(8080), tcp(9883)])
      expect(reach(broker, to, port)).toBe(false);
  expect(reach(client, dns, udp(53))).toBe(true);
  for (const to of [argocdServer, worker]) expect(reach(client, to, tcp(8080))).toBe(false);
});

test('a pod without a policy of its own falls under a policy that allows nothing in or out', () => {
  expect(base.named('NetworkPolicy', 'default-deny').spec).toEqual({
    podSelector: { matchLabels: {}, matchExpressions: [] },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [],
    egress: [],
  });
});

test('another pod of the namespace reaches DNS and nothing else', () => {
  expect(reach(stranger, dns, udp(53))).toBe(true);
  for (const to of [argocdServer, worker, broker]) expect(reach(stranger, to, tcp(8080))).toBe(false);
});

test('the policy that opens the broker to a network names one network, which contains nobody until it is edited', () => {
  const service = lan.named('Service', 'release-button-broker-lan');
  const policies = lan.all('NetworkPolicy').map(({ spec }) => spec);
  // A network that is reserved for documentation (RFC 5737).
  const blocks = policies.flatMap(({ ingress }) => ingress.flatMap(({ from }) => from));
  expect(blocks).toEqual([{ ipBlock: { cidr: '192.0.2.0/24' } }]);
  expect(service.spec).toMatchObject({
    externalTrafficPolicy: 'Local',
    loadBalancerSourceRanges: ['192.0.2.0/24'],
  });
  expect(policies.flatMap(({ ingress }) => ingress.flatMap(({ ports }) => ports))).toEqual([mqtt]);
  expect(policies.map(({ podSelector }) => podSelector.matchLabels)).toEqual([
    brokerWorkload.spec.selector.matchLabels,
  ]);
});
