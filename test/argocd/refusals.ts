// The checks that all requests about one application share, in Argo CD's order.
import { controlPlaneNamespace, type ApplicationObject } from '../../argocd-simulator/application.ts';
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import { permissionDenied, type Refusal } from '../../argocd-simulator/http-answers.ts';
import type { TestBackend } from './test-backend.ts';
import type { Account } from './world-description.ts';

export type Wanted = { name: string; namespace: string; project: string };

/** The name that permissions use: `project/name`, or `project/namespace/name` outside the control plane's namespace. */
function permissionName(project: string, namespace: string, name: string): string {
  return namespace === controlPlaneNamespace ? `${project}/${name}` : `${project}/${namespace}/${name}`;
}

export function permissionNameOf({ metadata, spec }: ApplicationObject): string {
  return permissionName(spec.project, metadata.namespace, metadata.name);
}

/**
 * The application, if the account may do this with it. Unless the request names a project, a missing application and a
 * forbidden one get the same refusal.
 */
export function find(
  backend: TestBackend,
  account: Account,
  action: 'get' | 'sync',
  { name, namespace, project }: Wanted,
): ApplicationRecord | Refusal {
  const { accounts } = backend;
  if (backend.conditions.kubernetesDown || !backend.namespaceEnabled(namespace)) return permissionDenied;
  const record = backend.cluster.get(namespace, name);
  const notFound = { code: 5, message: `applications.argoproj.io "${name}" not found` };
  if (project !== '' && !accounts.may(account, action, permissionName(project, namespace, name))) {
    return permissionDenied;
  }
  if (!record) return project === '' ? permissionDenied : notFound;
  if (!accounts.may(account, action, permissionNameOf(record.object))) return permissionDenied;
  if (project !== '' && project !== record.object.spec.project) return notFound;
  if (backend.details.descriptionOf(record).projectMissing) {
    const { project: missing } = record.object.spec;
    return { code: 3, message: `app is not allowed in project "${missing}", or the project does not exist` };
  }
  return record;
}
