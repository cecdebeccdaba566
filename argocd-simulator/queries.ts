// The GET endpoints that answer at once: list, one application, revision metadata, windows, permissions, version.
import { controlPlaneNamespace, withoutResourceHealth } from './application.ts';
import type { ApplicationObject } from './application.ts';
import { json, refused } from './answers.ts';
import type { Answer } from './answers.ts';
import type { Authentication } from './accounts.ts';
import type { ApplicationRecord } from './cluster.ts';
import { sourcesOf } from './comparison.ts';
import { repositoryServerDown } from './controller.ts';
import { parseSelector } from './label-selector.ts';
import { canSync, find, isRefusal, permissionNameOf, windowsOf } from './refusals.ts';
import type { Wanted } from './refusals.ts';
import { listSelection, parseFields, selectsSpecTwice } from './selection.ts';
import { unknownCommit } from './sync-result.ts';
import type { Account } from './world-description.ts';
import type { SimulatedWorld } from './world.ts';

export function version({ version }: SimulatedWorld, authentication: Authentication): Answer {
  if (!('account' in authentication)) return json({ Version: version.text });
  return json({
    Version: version.text,
    BuildDate: '1970-01-01T00:00:00Z',
    GitCommit: '',
    GitTreeState: 'simulated',
    GoVersion: 'simulated',
    Compiler: 'simulated',
    Platform: 'simulated',
    KustomizeVersion: 'simulated',
    HelmVersion: 'simulated',
    JsonnetVersion: 'simulated',
  });
}

export function userInfo(authentication: Authentication): Answer {
  if (!('account' in authentication)) return json({});
  return json({ loggedIn: true, username: authentication.account.name, iss: 'argocd' });
}

/** `path`: resource/action/subresource, the last one with slashes. */
export function canI(world: SimulatedWorld, account: Account, path: string): Answer {
  const [resource, action = '', ...name] = path.split('/');
  const may =
    account.admin || (resource === 'applications' && world.accounts.may(account, action, name.join('/')));
  return json({ value: may ? 'yes' : 'no' });
}

export function list(world: SimulatedWorld, account: Account, query: URLSearchParams): Answer {
  const selector = parseSelector(query.get('selector') ?? '');
  if (typeof selector !== 'function')
    return refused({ code: 2, message: `error parsing the selector: ${selector.problem}` });
  const projects = [...query.getAll('projects'), ...query.getAll('project')].filter((each) => each !== '');
  const namespace = query.get('appNamespace') ?? '';
  const name = query.get('name') ?? '';
  let objects: ApplicationObject[] = [];
  for (const { object } of world.cluster.all()) {
    const { metadata, spec } = object;
    if (namespace !== '' && metadata.namespace !== namespace) continue;
    if (name !== '' && metadata.name !== name) continue;
    if (projects.length > 0 && !projects.includes(spec.project)) continue;
    if (!selector(metadata.labels) || !world.accounts.may(account, 'get', permissionNameOf(object))) continue;
    objects.push(object);
  }
  objects.sort(byName);
  if (name !== '') objects = objects.slice(-1);
  const fields = parseFields(query.get('fields'));
  if (fields && world.version.failsAtSpecWithMembers && selectsSpecTwice(fields)) return failedToMarshal;
  const item = fields ? listSelection(fields, world.version) : withoutResourceHealth;
  return json({
    metadata: { resourceVersion: String(world.cluster.resourceVersion()) },
    items: objects.length > 0 ? objects.map(item) : null,
  });
}

/** `list-fields-spec-whole-and-members` of 3.5.1: an error in another shape than all others. */
const failedToMarshal: Answer = {
  ...json({ error: 'failed to marshal error message' }),
  status: 500,
};

function byName(a: ApplicationObject, b: ApplicationObject): number {
  if (a.metadata.name !== b.metadata.name) return a.metadata.name < b.metadata.name ? -1 : 1;
  return a.metadata.namespace < b.metadata.namespace ? -1 : 1;
}

/** Which application a GET or DELETE is about. */
export function wantedBy(name: string, query: URLSearchParams): Wanted {
  const namespace = query.get('appNamespace') ?? '';
  return {
    name,
    namespace: namespace === '' ? controlPlaneNamespace : namespace,
    project: query.get('project') ?? '',
  };
}

/** With `refresh=` the answer comes after the new comparison. */
export async function get(
  world: SimulatedWorld,
  account: Account,
  wanted: Wanted,
  refresh: string | null,
): Promise<Answer> {
  const record = find(world, account, 'get', wanted);
  if (isRefusal(record)) return refused(record);
  if (!refresh) return json(record.object);
  return json(await world.controller.refresh(record, refresh === 'hard' ? 'hard' : 'normal'));
}

export function syncWindows(world: SimulatedWorld, account: Account, wanted: Wanted): Answer {
  const record = find(world, account, 'get', wanted);
  if (isRefusal(record)) return refused(record);
  const windows = windowsOf(world, record);
  const shown = windows.map(({ kind, schedule, duration, manualSync, open }) => ({
    open,
    window: { kind, schedule, duration, manualSync },
  }));
  const active = shown.filter(({ open }) => open).map(({ window }) => window);
  return json({
    ...(active.length > 0 ? { activeWindows: active } : {}),
    ...(shown.length > 0 ? { assignedWindows: shown.map(({ window }) => window) } : {}),
    canSync: canSync(windows),
  });
}

/** Its windows and nothing else of it. */
export function project(world: SimulatedWorld, account: Account, name: string): Answer {
  if (!world.accounts.mayGetProject(account, name)) return mayNotGetProject(account, name);
  const windows = world
    .windowsOf(name)
    .map(({ open: _, applications, namespaces, clusters, andOperator, ...window }) => ({
      ...window,
      ...(applications.length > 0 ? { applications } : {}),
      ...(namespaces.length > 0 ? { namespaces } : {}),
      ...(clusters.length > 0 ? { clusters } : {}),
      ...(andOperator ? { andOperator } : {}),
    }));
  return json({
    metadata: { name, namespace: 'argocd' },
    spec: windows.length === 0 ? {} : { syncWindows: windows },
  });
}

/** There are none here (`globalprojects-none`). */
export function globalProjects(world: SimulatedWorld, account: Account, name: string): Answer {
  return world.accounts.mayGetProject(account, name) ? json({}) : mayNotGetProject(account, name);
}

function mayNotGetProject({ name: sub, issuedAt }: Account, project: string): Answer {
  const message = `permission denied: projects, get, ${project}, sub: ${sub}, iat: ${issuedAt}`;
  return refused({ code: 7, message });
}

export function revisionMetadata(
  world: SimulatedWorld,
  account: Account,
  wanted: Wanted,
  revision: string,
  sourceIndex: string | null,
): Answer {
  const record = find(world, account, 'get', wanted);
  if (isRefusal(record)) return refused(record);
  return metadataOf(world, record, revision, Number(sourceIndex ?? 0));
}

function metadataOf(
  world: SimulatedWorld,
  record: ApplicationRecord,
  revision: string,
  index: number,
): Answer {
  const sources = sourcesOf(record);
  const source = sources[index];
  if (!source) {
    const reason = `source index ${index} not found because there are only ${sources.length} sources`;
    return refused({
      code: 2,
      message: `error getting app source by source index and version ID: ${reason}`,
    });
  }
  if (world.conditions.repositoryServerDown) return refused({ code: 14, message: repositoryServerDown });
  if (!/^[0-9a-f]{40}$/.test(revision))
    return refused({ code: 2, message: `revision ${revision} must be resolved` });
  const commit = world.repositories.find(source, revision);
  if (!commit) {
    const reason = `failed to initialize repository resources: ${unknownCommit(revision)}`;
    return refused({ code: 2, message: `error acquiring repo lock: ${reason}` });
  }
  return json({ author: commit.author, date: commit.date, message: commit.message });
}
