// The application object as Argo CD's API shows it, as far as the simulator knows it. An object is replaced, never changed,
// because a stream may still hold the previous version.
import type { Source } from './description.ts';

export type SyncRequest = {
  revision?: string;
  prune?: boolean;
  dryRun?: boolean;
  syncStrategy?: SyncStrategy;
  resources?: ResourceFilter[];
  source?: Source;
  syncOptions?: string[];
  sources?: Source[];
  revisions?: string[];
};
export type SyncStrategy = { apply?: { force?: boolean }; hook?: { force?: boolean } };
export type ResourceFilter = { group?: string; kind: string; name: string; namespace?: string };
export type Info = { name: string; value: string };
export type Retry = {
  limit?: number;
  backoff?: { duration?: string; factor?: number; maxDuration?: string };
  refresh?: boolean;
};
export type Initiator = { username?: string; automated?: boolean };
export type Operation = { sync: SyncRequest; initiatedBy: Initiator; info?: Info[]; retry: Retry };

export type ResourceResult = {
  group: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  status?: string;
  message: string;
  hookType?: string;
  hookPhase?: string;
  syncPhase: string;
  images?: string[];
};
export type SyncResult = {
  resources?: ResourceResult[];
  revision: string;
  source?: Source;
  sources?: Source[];
  revisions?: string[];
};
export type Phase = 'Running' | 'Terminating' | 'Succeeded' | 'Failed' | 'Error';
export type OperationState = {
  operation: Operation;
  phase: Phase;
  message?: string;
  syncResult?: SyncResult;
  startedAt: string;
  finishedAt?: string;
  retryCount?: number;
};

export type HistoryEntry = {
  revision?: string;
  deployedAt: string;
  id: number;
  source: Source;
  deployStartedAt: string;
  sources?: Source[];
  revisions?: string[];
  initiatedBy: Initiator;
};
export type ResourceStatus = {
  group?: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  status?: string;
  health?: { status: string };
  hook?: boolean;
  requiresPruning?: boolean;
};
export type SyncStatus = {
  status: '' | 'Unknown' | 'Synced' | 'OutOfSync';
  comparedTo?: { source: Source; destination: Destination; sources?: Source[] };
  revision?: string;
  revisions?: string[];
};
type Destination = { server?: string; name?: string; namespace?: string };
type Condition = { type: string; message: string; lastTransitionTime: string };

export type ApplicationStatus = {
  resources?: ResourceStatus[];
  sync: SyncStatus;
  health: { status?: string; lastTransitionTime?: string };
  history?: HistoryEntry[];
  conditions?: Condition[];
  reconciledAt?: string;
  operationState?: Record<string, unknown>;
  sourceType?: string;
  summary: { images?: string[] };
  resourceHealthSource?: string;
  sourceTypes?: string[];
  controllerNamespace?: string;
  sourceHydrator: Record<string, never>;
};
export type ApplicationObject = {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
  };
  spec: {
    source?: Source;
    destination: Destination;
    project: string;
    syncPolicy?: Record<string, unknown>;
    sources?: Source[];
  };
  status: ApplicationStatus;
  operation?: Operation;
};

/** The namespace of the control plane. Applications are there unless a request names another namespace. */
export const controlPlaneNamespace = 'argocd';

/** Removes an optional member. Setting it to `undefined` would leave the key in place. */
export function omit<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _gone, ...rest } = value;
  return rest;
}

/** The application's own sync settings. */
export function ownSyncPolicy({ spec }: ApplicationObject): { syncOptions: string[]; retry: Retry } {
  const { syncOptions, retry } = spec.syncPolicy ?? {};
  return {
    syncOptions: Array.isArray(syncOptions)
      ? syncOptions.filter((each): each is string => typeof each === 'string')
      : [],
    retry: typeof retry === 'object' && retry !== null ? retry : {},
  };
}

/** As in lists and in the answer to a sync. Only GET and streams show the health of single resources. */
export function withoutResourceHealth(object: ApplicationObject): ApplicationObject {
  const { resources } = object.status;
  if (resources === undefined) return object;
  return {
    ...object,
    status: { ...object.status, resources: resources.map((each) => omit(each, 'health')) },
  };
}

export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
