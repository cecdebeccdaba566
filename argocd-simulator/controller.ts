// The application controller's other work: refreshes, commits that it finds, edits in the cluster, automated sync.
import { omit, ownSyncPolicy, timestamp } from './application.ts';
import type { ApplicationObject, Operation } from './application.ts';
import type { ApplicationRecord, Cluster } from './cluster.ts';
import { compared, headsOf, resourceKey, resourcesOf, sourcesOf } from './comparison.ts';
import type { Conditions } from './conditions.ts';
import type { Operations } from './operations.ts';
import type { Repositories } from './repositories.ts';
import type { Timers } from './timers.ts';
import type { Adjustment, Commit } from './world-description.ts';

/** What Argo CD says while its repository server is down. */
export const repositoryServerDown =
  'connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:18081: connect: connection refused"';

export interface Controller {
  /** Resolves with the object after a new comparison; never while the controller is down. */
  refresh(record: ApplicationRecord, kind: 'normal' | 'hard'): Promise<ApplicationObject>;
  /**
   * A commit below the application's path, or `elsewhere` in its repository; `noticed` false: Argo CD has not looked
   * yet.
   */
  push(
    record: ApplicationRecord,
    options: { noticed: boolean; elsewhere: boolean; message?: string; revision?: string },
  ): Commit | undefined;
  /** Somebody changes a resource in the cluster; Argo CD sees that by itself. */
  edit(record: ApplicationRecord): void;
  adjust(record: ApplicationRecord, adjustment: Adjustment): void;
}

export function createController(parts: {
  cluster: Cluster;
  repositories: Repositories;
  operations: Operations;
  timers: Timers;
  conditions: Conditions;
}): Controller {
  const { cluster, repositories, operations, timers, conditions } = parts;
  const now = (): string => timestamp(timers.now());
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timers.after(ms, resolve);
    });

  function newStatus(record: ApplicationRecord): ApplicationObject['status'] {
    if (record.behaviour.projectMissing) return record.object.status;
    const failing = conditions.repositoryServerDown
      ? {
          ...record.behaviour,
          comparisonError: `rpc error: code = Unavailable desc = ${repositoryServerDown}`,
        }
      : record.behaviour;
    const status = compared(
      { ...record, behaviour: failing },
      headsOf(record, repositories),
      repositories,
      now(),
    );
    return { ...status, reconciledAt: now() };
  }

  /** Compares again and stores what comes out, in one event. */
  function compareAgain(record: ApplicationRecord): void {
    cluster.update(record, (object) => ({ ...object, status: newStatus({ ...record, object }) }));
  }

  /** Starts the operation that an automated application starts by itself; true: it did. */
  function syncsItself(record: ApplicationRecord): boolean {
    const { object } = record;
    if (object.operation || !isAutomated(object) || newStatus(record).sync.status !== 'OutOfSync')
      return false;
    const revisions = headsOf(record, repositories);
    const { source, sources } = object.spec;
    const { syncOptions, retry } = ownSyncPolicy(object);
    const operation: Operation = {
      sync: {
        ...(sources ? {} : { revision: revisions[0] ?? '', ...(source ? { source } : {}) }),
        ...(syncOptions.length > 0 ? { syncOptions } : {}),
        ...(sources ? { sources, revisions } : {}),
      },
      initiatedBy: { automated: true },
      retry: Object.keys(retry).length > 0 ? retry : { limit: 5 },
    };
    // Argo CD does not try the same revision twice by itself.
    if (attempted(object) === revisions.join()) return false;
    operations.accept(record, operation);
    return true;
  }

  function notice(record: ApplicationRecord): void {
    if (conditions.controllerDown) return;
    if (!syncsItself(record)) {
      compareAgain(record);
      return;
    }
    timers.after(37, () => compareAgain(record));
  }

  function annotate(record: ApplicationRecord, annotations: Record<string, string>): void {
    cluster.update(record, (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
    }));
  }

  return {
    async refresh(record, kind) {
      const at = `${new Date(timers.now()).toISOString().slice(0, -1)}000000Z`;
      annotate(record, {
        'argocd.argoproj.io/hydrate': kind,
        'argocd.argoproj.io/hydrate-timestamp': at,
        'argocd.argoproj.io/refresh': kind,
        'argocd.argoproj.io/refresh-timestamp': at,
      });
      await conditions.controllerUp();
      await pause(35);
      if (syncsItself(record)) await pause(37);
      compareAgain(record);
      await pause(8);
      cluster.update(record, (object) => {
        const rest = omit(object.metadata.annotations ?? {}, 'argocd.argoproj.io/refresh');
        const annotations = omit(rest, 'argocd.argoproj.io/refresh-timestamp');
        return { ...object, metadata: { ...object.metadata, annotations } };
      });
      return record.object;
    },
    push(record, { noticed, ...details }) {
      const [source] = sourcesOf(record);
      if (!source) return undefined;
      const commit = repositories.commit(source, timers.now(), details);
      if (noticed) notice(record);
      return commit;
    },
    edit(record) {
      const [first] = resourcesOf(record);
      if (first) record.live.set(resourceKey(first), 'edited in the cluster');
      notice(record);
    },
    adjust(record, adjustment) {
      const { name: _name, namespace: _namespace, deleted, cascade = true, ...behaviour } = adjustment;
      if (deleted) {
        if (cascade) void remove(record);
        else cluster.remove(record);
        return;
      }
      record.behaviour = { ...record.behaviour, ...behaviour };
      cluster.update(record, (object) => ({
        ...object,
        metadata: {
          ...object.metadata,
          ...(behaviour.labels ? { labels: behaviour.labels } : {}),
          ...(behaviour.annotations ? { annotations: behaviour.annotations } : {}),
        },
        spec: {
          ...(behaviour.automated === false ? omit(object.spec, 'syncPolicy') : object.spec),
          ...(behaviour.automated ? { syncPolicy: { automated: { prune: false, selfHeal: false } } } : {}),
          ...(behaviour.project === undefined ? {} : { project: behaviour.project }),
        },
      }));
      const seen = ['comparisonError', 'health', 'pruneNeeded'] as const;
      if (seen.some((key) => behaviour[key] !== undefined)) notice(record);
    },
  };

  /** A deletion with cascade: marked first, gone when its resources are. */
  async function remove(record: ApplicationRecord): Promise<void> {
    cluster.update(record, (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: ['resources-finalizer.argocd.argoproj.io'] },
    }));
    cluster.update(record, (object) => ({
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: now() },
    }));
    await pause(143);
    record.live.clear();
    compareAgain(record);
    await pause(18);
    if (cluster.get(record.object.metadata.namespace, record.object.metadata.name) === record)
      cluster.remove(record);
  }
}

export function isAutomated({ spec }: ApplicationObject): boolean {
  const automated = spec.syncPolicy?.['automated'];
  if (typeof automated !== 'object' || automated === null) return false;
  return !('enabled' in automated && automated.enabled === false);
}

/** The revisions that the last operation was about. */
function attempted({ status }: ApplicationObject): string | undefined {
  const result = status.operationState?.['syncResult'];
  if (typeof result !== 'object' || result === null) return undefined;
  if ('revisions' in result && Array.isArray(result.revisions)) return result.revisions.join();
  return 'revision' in result && typeof result.revision === 'string' ? result.revision : undefined;
}
