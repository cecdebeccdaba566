// The world of the demo: a dozen applications in three projects, some of them out of sync at the start.
import type { ApplicationDescription, RepositoryDescription } from './description.ts';
import { commitIdOf, commitText } from './repositories.ts';

/** How many commits each repository has at the start. */
const commits = 6;
const dayMs = 86_400_000;

export function demoWorld(now: number): {
  applications: ApplicationDescription[];
  repositories: RepositoryDescription[];
} {
  const repositories: RepositoryDescription[] = [];

  /** `behind`: by how many commits the deployed revision is older than the head. */
  function application(
    name: string,
    project: string,
    team: string,
    behind: number,
    more: Partial<ApplicationDescription> = {},
  ): ApplicationDescription {
    const url = `https://git.example.com/demo/${name}.git`;
    const revisions = Array.from({ length: commits }, (_, n) => commitIdOf(url, n));
    const date = (n: number): string =>
      new Date(now - (commits - n) * dayMs).toISOString().replace(/\.\d+Z$/, 'Z');
    repositories.push({
      url,
      branch: 'main',
      commits: revisions.map((revision, n) => ({ revision, date: date(n), ...commitText(n + name.length) })),
    });
    const deployed = revisions.slice(0, commits - behind);
    return {
      name,
      project,
      labels: { team, 'release-button/simulated': 'true' },
      source: { repoURL: url, path: 'deploy', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: name },
      resources: [
        { group: 'apps', kind: 'Deployment', name },
        { kind: 'Service', name },
        { kind: 'ConfigMap', name },
      ],
      deployed: deployed.slice(-1),
      history: deployed.map((revision, id) => ({
        id,
        revisions: [revision],
        deployStartedAt: date(id),
        deployedAt: date(id),
        by: 'release-button',
      })),
      createdAt: date(0),
      syncMs: 1000 + ((name.length * 370) % 2000),
      rolloutMs: 1500,
      ...more,
    };
  }

  const applications = [
    application('guestbook', 'storefront', 'shop', 1),
    application('catalog', 'storefront', 'shop', 0),
    application('checkout', 'storefront', 'shop', 2),
    application('search', 'storefront', 'shop', 0),
    application('images', 'storefront', 'shop', 0),
    application('payments', 'back-office', 'pay', 1),
    application('invoices', 'back-office', 'pay', 0),
    application('orders', 'back-office', 'pay', 0),
    // One application whose syncs are slow.
    application('reports', 'back-office', 'pay', 0, { syncMs: 12_000 }),
    application('mail', 'platform', 'platform', 0),
    application('gateway', 'platform', 'platform', 0),
    // One application that Argo CD syncs automatically, as most installations have.
    application('metrics', 'platform', 'platform', 0, { automated: true }),
  ];
  return { applications, repositories };
}
