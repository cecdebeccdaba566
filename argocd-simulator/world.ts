// The whole simulated world: what lasts (cluster, conditions) and what a new description replaces.
import { createAccounts } from './accounts.ts';
import type { Accounts } from './accounts.ts';
import { createCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { createConditions } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import { createController } from './controller.ts';
import type { Controller } from './controller.ts';
import { createApplication } from './create-application.ts';
import { controlPlaneNamespace } from './application.ts';
import { createOperations } from './operations.ts';
import type { Operations } from './operations.ts';
import { commitIdOf, commitText, createRepositories } from './repositories.ts';
import type { Repositories } from './repositories.ts';
import { canSync, windowsOf } from './refusals.ts';
import type { Timers } from './timers.ts';
import type { SimulatedVersion } from './versions.ts';
import type { Account, ApplicationDescription, SyncWindow, Token, World } from './world-description.ts';

export interface SimulatedWorld {
  readonly cluster: Cluster;
  readonly conditions: Conditions;
  readonly accounts: Accounts;
  readonly repositories: Repositories;
  readonly operations: Operations;
  readonly controller: Controller;
  readonly version: SimulatedVersion;
  /** As if the server had been replaced. */
  become(version: SimulatedVersion): void;
  windowsOf(project: string): readonly SyncWindow[];
  namespaceEnabled(namespace: string): boolean;
  /** Streams see every application go and the new ones come. */
  replace(description: World): void;
  replaceAccess(accounts: readonly Account[], tokens: readonly Token[]): void;
  replaceProjects(projects: World['projects']): void;
  add(description: ApplicationDescription): void;
}

/** Who may do what when the world does not say: one account that may get and sync everything. */
const everything: Account = {
  name: 'release-button',
  admin: false,
  get: ['*'],
  sync: ['*'],
  projects: ['*'],
  issuedAt: '2026-01-01T00:00:00Z',
};

export function createSimulatedWorld(
  first: World,
  defaultToken: string,
  timers: Timers,
  firstVersion: SimulatedVersion,
): SimulatedWorld {
  let version = firstVersion;
  const cluster = createCluster(first.resourceVersion);
  const conditions = createConditions(cluster.tellAll);

  function build(description: World) {
    const repositories = createRepositories([
      ...description.repositories,
      ...bulkRepository(description.bulk),
    ]);
    const parts = { cluster, repositories, timers, conditions };
    const operations = createOperations({
      ...parts,
      isBlocked: (record) => !canSync(windowsOf(world, record)),
    });
    const controller = createController({ ...parts, operations });
    const namespaces = new Set([controlPlaneNamespace, ...description.namespaces]);
    const windows = windowsBy(description.projects);
    const accounts = access(description.accounts, description.tokens);
    for (const application of [...description.applications, ...bulkApplications(description.bulk)]) {
      namespaces.add(application.namespace);
      cluster.add(createApplication(application, repositories, timers.now()));
    }
    return { repositories, operations, controller, namespaces, windows, accounts };
  }
  function access(accounts: readonly Account[], tokens: readonly Token[]): Accounts {
    const known = accounts.length > 0 ? accounts : [everything];
    const owner = known[0]?.name ?? everything.name;
    return createAccounts(
      known,
      tokens.length > 0 ? tokens : [{ token: defaultToken, account: owner, state: 'valid', id: 'simulated' }],
    );
  }

  const world: SimulatedWorld = {
    cluster,
    conditions,
    get accounts() {
      return current.accounts;
    },
    get repositories() {
      return current.repositories;
    },
    get operations() {
      return current.operations;
    },
    get controller() {
      return current.controller;
    },
    get version() {
      return version;
    },
    become(next) {
      version = next;
    },
    windowsOf: (project) => current.windows.get(project) ?? [],
    namespaceEnabled: (namespace) => current.namespaces.has(namespace),
    replace(description) {
      for (const record of cluster.all()) cluster.remove(record);
      current = build(description);
    },
    replaceAccess(accounts, tokens) {
      current.accounts = access(accounts, tokens);
    },
    replaceProjects(projects) {
      current.windows = windowsBy(projects);
    },
    add(description) {
      current.namespaces.add(description.namespace);
      const record = createApplication(description, current.repositories, timers.now());
      const { status } = record.object;
      // A new application is there before it has been compared for the first time.
      const fresh = { sync: { status: '' as const }, health: {}, summary: {}, sourceHydrator: {} };
      record.object = { ...record.object, status: fresh };
      cluster.add(record);
      timers.after(46, () => cluster.update(record, (object) => ({ ...object, status })));
    },
  };
  let current = build(first);
  return world;
}

function windowsBy(projects: World['projects']): Map<string, readonly SyncWindow[]> {
  return new Map(projects.map(({ name, windows }) => [name, windows]));
}

const bulkUrl = 'https://git.example.com/demo/bulk.git';

function bulkRepository(count: number) {
  if (count === 0) return [];
  const commit = { revision: commitIdOf(bulkUrl, 0), date: '2026-01-05T09:00:00Z', ...commitText(0) };
  return [{ url: bulkUrl, branch: 'main', commits: [commit] }];
}

function bulkApplications(count: number): ApplicationDescription[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `bulk-${String(index + 1).padStart(5, '0')}`;
    return {
      name,
      namespace: controlPlaneNamespace,
      project: 'bulk',
      labels: { team: 'bulk' },
      source: { repoURL: bulkUrl, path: name, targetRevision: 'main' },
      resources: [{ kind: 'ConfigMap', name }],
    };
  });
}
