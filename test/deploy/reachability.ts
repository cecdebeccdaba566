// Decides by network policies which pod may connect to which, as Kubernetes does. A pod that a policy selects for a
// direction may do only what some policy allows. Both ends must allow a connection.
import type { Peers, Policy, Selector } from './manifests.ts';

type Labels = Readonly<Record<string, string>>;

export interface End {
  readonly labels: Labels;
  readonly namespace: string;
  /** labels of the namespace, besides its name, which Kubernetes adds */
  readonly namespaceLabels?: Labels;
}

export interface Port {
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

export function selects({ matchLabels, matchExpressions }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      const listed = value !== undefined && values.includes(value);
      return operator === 'In' ? listed : !listed;
    })
  );
}

/** @param policies all policies, which are in the namespace `home`; other namespaces have none */
export function createReach(policies: readonly Policy[], home: string) {
  const listed = (peers: Peers, other: End) =>
    peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
      if (ipBlock !== undefined) return false;
      const namespace = { 'kubernetes.io/metadata.name': other.namespace, ...other.namespaceLabels };
      const isInNamespace =
        namespaceSelector === undefined ? other.namespace === home : selects(namespaceSelector, namespace);
      return isInNamespace && (podSelector === undefined || selects(podSelector, other.labels));
    });

  const allows = (direction: 'Ingress' | 'Egress', end: End, other: End, { protocol, port }: Port) => {
    if (end.namespace !== home) return true;
    const effective = policies.filter(
      ({ podSelector, policyTypes }) => policyTypes.includes(direction) && selects(podSelector, end.labels),
    );
    const rules = effective.flatMap(({ ingress, egress }) =>
      direction === 'Ingress'
        ? ingress.map(({ from, ports }) => ({ peers: from, ports }))
        : egress.map(({ to, ports }) => ({ peers: to, ports })),
    );
    return (
      effective.length === 0 ||
      rules.some(
        (rule) =>
          listed(rule.peers, other) &&
          rule.ports.some((open) => open.protocol === protocol && open.port === port),
      )
    );
  };

  return (from: End, to: End, port: Port): boolean =>
    allows('Egress', from, to, port) && allows('Ingress', to, from, port);
}
