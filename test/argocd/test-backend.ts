// The backend of the tests. A test can replace its world while the server runs. It has accounts, sync windows, versions
// and outages. What outlasts a replacement (cluster, conditions, details) is separate from what is built anew.
import { controlPlaneNamespace } from '../../argocd-simulator/application.ts';
import type { Backend } from '../../argocd-simulator/backend.ts';
import {
  createCluster,
  type ApplicationRecord,
  type Cluster,
  type Listener,
} from '../../argocd-simulator/cluster.ts';
import { createCompare } from '../../argocd-simulator/comparison.ts';
import { createController } from '../../argocd-simulator/controller.ts';
import { createEndings, createOperations } from '../../argocd-simulator/operations.ts';
import { commitIdOf, commitText } from '../../argocd-simulator/repositories.ts';
import type { Timers } from '../../argocd-simulator/timers.ts';
import { createAccounts, type Accounts } from './accounts.ts';
import { createChanges, type Changes } from './changes.ts';
import { createTestCompare } from './comparison.ts';
import { createConditions, type Conditions } from './conditions.ts';
import { createTestCourse } from './course.ts';
import { createTestApplication } from './create-application.ts';
import { createDetails, type Details } from './details.ts';
import { createRepositoriesWithCharts } from './helm.ts';
import { canSync, windowsAbout } from './sync-windows.ts';
import type { SimulatedVersion } from './versions.ts';
import type { Account, ApplicationDescription, SyncWindow, Token, World } from './world-description.ts';

export interface TestBackend extends Backend {
  readonly conditions: Conditions;
  readonly details: Details;
  readonly accounts: Accounts;
  readonly changes: Changes;
  readonly version: SimulatedVersion;
  /** Changes the version, as an upgrade of the server does. */
  changeVersion(version: SimulatedVersion): void;
  windowsOf(project: string): readonly SyncWindow[];
  /** The windows of its project that apply to this application. */
  windowsAbout(record: ApplicationRecord): SyncWindow[];
  namespaceEnabled(namespace: string): boolean;
  /** Replaces all applications; streams see the old ones go and the new ones come. */
  replace(description: World): void;
  replaceAccess(accounts: readonly Account[], tokens: readonly Token[]): void;
  replaceProjects(projects: World['projects']): void;
  add(description: ApplicationDescription): void;
}

/** The default account, which may get and sync everything. */
const unlimitedAccount: Account = {
  name: 'release-button',
  admin: false,
  get: ['*'],
  sync: ['*'],
  projects: ['*'],
  issuedAt: '2026-01-01T00:00:00Z',
};

export function createTestBackend(
  first: World,
  defaultToken: string,
  timers: Timers,
  firstVersion: SimulatedVersion,
): TestBackend {
  let version = firstVersion;
  const { cluster, tellAll } = createTellingCluster(first.resourceVersion);
  const conditions = createConditions(tellAll);
  const details = createDetails();

  function build(description: World) {
    const repositories = createRepositoriesWithCharts([
      ...description.repositories,
      ...bulkRepository(description.bulk),
    ]);
    const compare = createTestCompare(createCompare(repositories), details, conditions);
    const parts = { cluster, repositories, timers, compare, conditions, details };
    const isBlocked = (record: ApplicationRecord) => !canSync(backend.windowsAbout(record));
    const course = createTestCourse({ ...parts, isBlocked }, createEndings(parts));
    const operations = createOperations(cluster, timers, course);
    const controller = createController({ ...parts, operations, running: conditions.controllerUp });
    const changes = createChanges({ ...parts, controller });
    const namespaces = new Set([controlPlaneNamespace, ...description.namespaces]);
    const windows = windowsBy(description.projects);
    const accounts = access(description.accounts, description.tokens);
    for (const application of [...description.applications, ...bulkApplications(description.bulk)]) {
      namespaces.add(application.namespace);
      cluster.add(createTestApplication(application, parts, timers.now()));
    }
    return { repositories, compare, operations, controller, changes, namespaces, windows, accounts };
  }
  function access(accounts: readonly Account[], tokens: readonly Token[]): Accounts {
    const allAccounts = accounts.length > 0 ? accounts : [unlimitedAccount];
    const owner = allAccounts[0]?.name ?? unlimitedAccount.name;
    return createAccounts(
      allAccounts,
      tokens.length > 0 ? tokens : [{ token: defaultToken, account: owner, state: 'valid', id: 'simulated' }],
    );
  }

  const backend: TestBackend = {
    cluster,
    conditions,
    details,
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
    get changes() {
      return current.changes;
    },
    get version() {
      return version;
    },
    changeVersion(next) {
      version = next;
    },
    windowsOf: (project) => current.windows.get(project) ?? [],
    windowsAbout: ({ object }) => windowsAbout(backend.windowsOf(object.spec.project), object),
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
      const { repositories, compare } = current;
      const record = createTestApplication(description, { repositories, compare, details }, timers.now());
      const { status } = record.object;
      // An application exists before its first comparison.
      const fresh = { sync: { status: '' as const }, health: {}, summary: {}, sourceHydrator: {} };
      record.object = { ...record.object, status: fresh };
      cluster.add(record);
      timers.after(46, () => cluster.update(record, (object) => ({ ...object, status })));
    },
  };
  let current = build(first);
  return backend;
}

/** `tellAll` sends every application to all streams, with unchanged versions (`stream-kubernetes-api-restart`). */
function createTellingCluster(firstVersion: number): { cluster: Cluster; tellAll(): void } {
  const cluster = createCluster(firstVersion);
  const listeners = new Set<Listener>();
  return {
    cluster: {
      ...cluster,
      onChange(listener) {
        listeners.add(listener);
        const unsubscribe = cluster.onChange(listener);
        return () => {
          listeners.delete(listener);
          unsubscribe();
        };
      },
    },
    tellAll() {
      for (const { object } of cluster.all()) for (const listener of listeners) listener('MODIFIED', object);
    },
  };
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
