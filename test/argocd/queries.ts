// The GET endpoints for which the recordings contain more than the demo needs.
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import { sourcesOf } from '../../argocd-simulator/comparison.ts';
import { parseFields, type Fields } from '../../argocd-simulator/fields.ts';
import { json, refused, type Answer, type Refusal } from '../../argocd-simulator/http-answers.ts';
import { listAnswer, projectsIn } from '../../argocd-simulator/queries.ts';
import { repositoryServerDown } from './comparison.ts';
import { parseSelector } from './label-selector.ts';
import { permissionNameOf } from './refusals.ts';
import { notInitialized } from './sync-outcome.ts';
import { canSync } from './sync-windows.ts';
import type { TestBackend } from './test-backend.ts';
import type { SimulatedVersion } from './versions.ts';
import type { Account } from './world-description.ts';

/** What Argo CD shows only to a logged-in account, besides the version. */
export function wholeVersion({ text }: SimulatedVersion): Answer {
  return json({
    Version: text,
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

/** `question` is resource/action/subresource. The last part may contain slashes. */
export function canI({ accounts }: TestBackend, account: Account, question: string): Answer {
  const [resource, action = '', ...name] = question.split('/');
  const isPermitted =
    account.admin || (resource === 'applications' && accounts.may(account, action, name.join('/')));
  return json({ value: isPermitted ? 'yes' : 'no' });
}

export function list(backend: TestBackend, account: Account, query: URLSearchParams): Answer {
  const selector = parseSelector(query.get('selector') ?? '');
  if (typeof selector !== 'function')
    return refused({ code: 2, message: `error parsing the selector: ${selector.problem}` });
  const fields = parseFields(query.get('fields'));
  if (fields && backend.version.failsAtSpecWithMembers && selectsSpecTwice(fields)) return failedToMarshal;
  const projects = projectsIn(query);
  const namespace = query.get('appNamespace') ?? '';
  const name = query.get('name') ?? '';
  return listAnswer(
    backend,
    (object) => {
      const { metadata, spec } = object;
      if (namespace !== '' && metadata.namespace !== namespace) return false;
      if (name !== '' && metadata.name !== name) return false;
      if (projects.length > 0 && !projects.includes(spec.project)) return false;
      return selector(metadata.labels) && backend.accounts.may(account, 'get', permissionNameOf(object));
    },
    fields && knownFields(fields, backend.version),
    name === '' ? undefined : 1,
  );
}

/** Whether the fields select the whole specification and also some of its members. */
function selectsSpecTwice({ names, exclude }: Fields): boolean {
  return !exclude && names.includes('items.spec') && names.some((name) => name.startsWith('items.spec.'));
}

/**
 * A list before 3.5.0 does not know these fields. It leaves out unknown fields without an error (`list-fields-product`).
 */
const newFields = [
  'spec.project',
  'spec.source',
  'spec.sources',
  'spec.syncPolicy',
  'status.sync.revision',
].map((name) => `items.${name}`);

function knownFields({ names, exclude }: Fields, { selectsMembers }: SimulatedVersion): Fields {
  if (selectsMembers) return { names, exclude };
  return {
    exclude,
    names: exclude ? [...names, ...newFields] : names.filter((name) => !newFields.includes(name)),
  };
}

/** The answer in `list-fields-spec-whole-and-members` of 3.5.1. No other error has this shape. */
const failedToMarshal: Answer = {
  ...json({ error: 'failed to marshal error message' }),
  status: 500,
};

export function syncWindows(backend: TestBackend, record: ApplicationRecord): Answer {
  const windows = backend.windowsAbout(record);
  const shownWindows = windows.map(({ kind, schedule, duration, manualSync, open }) => ({
    open,
    window: { kind, schedule, duration, manualSync },
  }));
  const active = shownWindows.filter(({ open }) => open).map(({ window }) => window);
  return json({
    ...(active.length > 0 ? { activeWindows: active } : {}),
    ...(shownWindows.length > 0 ? { assignedWindows: shownWindows.map(({ window }) => window) } : {}),
    canSync: canSync(windows),
  });
}

/** A project with its sync windows and nothing else. */
export function project(backend: TestBackend, name: string): Answer {
  const windows = backend
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

export function mayNotGetProject({ name: sub, issuedAt }: Account, project: string): Answer {
  const message = `permission denied: projects, get, ${project}, sub: ${sub}, iat: ${issuedAt}`;
  return refused({ code: 7, message });
}

/** Why the metadata of a revision is unavailable; undefined if it is available. */
export function metadataProblem(
  { conditions, repositories }: TestBackend,
  record: ApplicationRecord,
  revision: string,
  index: number,
): Refusal | undefined {
  const sources = sourcesOf(record);
  const source = sources[index];
  if (!source) {
    const reason = `source index ${index} not found because there are only ${sources.length} sources`;
    return { code: 2, message: `error getting app source by source index and version ID: ${reason}` };
  }
  if (conditions.repositoryServerDown) return { code: 14, message: repositoryServerDown };
  if (!/^[0-9a-f]{40}$/.test(revision)) return { code: 2, message: `revision ${revision} must be resolved` };
  if (repositories.find(source, revision)) return undefined;
  return { code: 2, message: `error acquiring repo lock: ${notInitialized(revision)}` };
}
