// The checks that requests about one application share, in Argo CD's order.
import { permissionName } from './application.ts';
import type { ApplicationObject } from './application.ts';
import { permissionDenied } from './answers.ts';
import type { Refusal } from './answers.ts';
import type { ApplicationRecord } from './cluster.ts';
import { globPattern } from './accounts.ts';
import type { Account, SyncWindow } from './world-description.ts';
import type { SimulatedWorld } from './world.ts';

export type Wanted = { name: string; namespace: string; project: string };

export function permissionNameOf({ metadata, spec }: ApplicationObject): string {
  return permissionName(spec.project, metadata.namespace, metadata.name);
}

/** The application, if the account may do this with it. Missing and forbidden look alike unless a project is given. */
export function find(
  world: SimulatedWorld,
  account: Account,
  action: 'get' | 'sync',
  { name, namespace, project }: Wanted,
): ApplicationRecord | Refusal {
  if (world.conditions.kubernetesDown || !world.namespaceEnabled(namespace)) return permissionDenied;
  const record = world.cluster.get(namespace, name);
  const notFound = { code: 5, message: `applications.argoproj.io "${name}" not found` };
  if (project !== '' && !world.accounts.may(account, action, permissionName(project, namespace, name))) {
    return permissionDenied;
  }
  if (!record) return project === '' ? permissionDenied : notFound;
  if (!world.accounts.may(account, action, permissionNameOf(record.object))) return permissionDenied;
  if (project !== '' && project !== record.object.spec.project) return notFound;
  if (record.behaviour.projectMissing) {
    const { project: missing } = record.object.spec;
    return { code: 3, message: `app is not allowed in project "${missing}", or the project does not exist` };
  }
  return record;
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'message' in value;
}

/** The project's windows that are about this application. */
export function windowsOf(world: SimulatedWorld, { object }: ApplicationRecord): SyncWindow[] {
  return world
    .windowsOf(object.spec.project)
    .filter(({ applications, namespaces, clusters, andOperator }) => {
      const { namespace = '', name = '', server = '' } = object.spec.destination;
      const kinds = [
        { globs: applications, values: [object.metadata.name] },
        { globs: clusters, values: [name, server].filter((value) => value !== '') },
        { globs: namespaces, values: [namespace] },
      ].filter(({ globs }) => globs.length > 0);
      const matches = ({ globs, values }: (typeof kinds)[number]) =>
        globs.some((glob) => values.some((value) => globPattern(glob).test(value)));
      return andOperator ? kinds.length > 0 && kinds.every(matches) : kinds.some(matches);
    });
}

/**
 * Whether a person may sync now. An open deny window outweighs every allow window. Where no allow window is open, every one
 * of them must allow manual syncs.
 */
export function canSync(windows: readonly SyncWindow[]): boolean {
  const denying = windows.filter(({ kind, open }) => kind === 'deny' && open);
  if (denying.length > 0) return denying.every(({ manualSync }) => manualSync);
  const allowing = windows.filter(({ kind }) => kind === 'allow');
  return allowing.some(({ open }) => open) || allowing.every(({ manualSync }) => manualSync);
}
