// Decides by network policies which pod may connect to which, as Kubernetes defines it: a pod that a policy selects for a
// direction has only what some policy allows, and both ends must allow a connection.
import type { Peers, Policy, Selector } from './manifests.ts';

type Labels = Readonly<Record<string, string>>;

export interface End {
  readonly labels: Labels;
  readonly namespace: string;
  /** of the namespace, besides the name that Kubernetes itself adds */
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
      const own = labels[key];
      const listed = own !== undefined && values.includes(own);
      return operator === 'In' ? listed : !listed;
    })
  );
}

/** @param policies all in the namespace `home`; other namespaces have none */
export function createReach(policies: readonly Policy[], home: string) {
  const listed = (peers: Peers, other: End) =>
    peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
      if (ipBlock !== undefined) return false;
      const namespace = { 'kubernetes.io/metadata.name': other.namespace, ...other.namespaceLabels };
      const there =
        namespaceSelector === undefined ? other.namespace === home : selects(namespaceSelector, namespace);
      return there && (podSelector === undefined || selects(podSelector, other.labels));
    });

  const allows = (direction: 'Ingress' | 'Egress', own: End, other: End, { protocol, port }: Port) => {
    if (own.namespace !== home) return true;
    const holding = policies.filter(
      ({ podSelector, policyTypes }) => policyTypes.includes(direction) && selects(podSelector, own.labels),
    );
    const rules = holding.flatMap(({ ingress, egress }) =>
      direction === 'Ingress'
        ? ingress.map(({ from, ports }) => ({ peers: from, ports }))
        : egress.map(({ to, ports }) => ({ peers: to, ports })),
    );
    return (
      holding.length === 0 ||
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
