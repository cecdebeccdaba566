// The application controller's work besides operations: refreshes, noticing commits, and automated syncs.
import { omit, ownSyncPolicy, timestamp, type ApplicationObject, type Operation } from './application.ts';
import type { ApplicationRecord, Cluster } from './cluster.ts';
import { headsOf, sourcesOf, type Compare } from './comparison.ts';
import type { Commit } from './description.ts';
import type { Operations } from './operations.ts';
import type { Repositories } from './repositories.ts';
import type { Timers } from './timers.ts';

export interface Controller {
  /** Resolves to the object after a new comparison. */
  refresh(record: ApplicationRecord, kind: 'normal' | 'hard'): Promise<ApplicationObject>;
  /** Reports a commit in the application's repository. The controller notices it at once. */
  push(record: ApplicationRecord, details: { message?: string; revision?: string }): Commit | undefined;
  /** Reports a change. The controller compares again, or syncs an automated application. */
  notice(record: ApplicationRecord): void;
}

export function createController(parts: {
  cluster: Cluster;
  repositories: Repositories;
  operations: Pick<Operations, 'accept'>;
  timers: Timers;
  compare: Compare;
  /** Resolves when the controller runs; absent: it always runs. */
  running?: () => Promise<void>;
}): Controller {
  const { cluster, repositories, operations, timers, compare } = parts;
  const now = (): string => timestamp(timers.now());
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timers.after(ms, resolve);
    });
  const newStatus = (record: ApplicationRecord): ApplicationObject['status'] => ({
    ...compare(record, headsOf(record, repositories), now()),
    reconciledAt: now(),
  });

  /** Compares again and stores the result as one event. */
  function compareAgain(record: ApplicationRecord): void {
    cluster.update(record, (object) => ({ ...object, status: newStatus(record) }));
  }

  /** Starts the automated sync of an application, if one is due. @returns whether it started one */
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
    // Argo CD never tries the same revision twice automatically.
    if (attempted(object) === revisions.join()) return false;
    operations.accept(record, operation);
    return true;
  }

  function notice(record: ApplicationRecord): void {
    if (syncsItself(record)) timers.after(37, () => compareAgain(record));
    else compareAgain(record);
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
      await parts.running?.();
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
    push(record, details) {
      const [source] = sourcesOf(record);
      if (!source) return undefined;
      const commit = repositories.commit(source, timers.now(), details);
      notice(record);
      return commit;
    },
    notice,
  };
}

export function isAutomated({ spec }: ApplicationObject): boolean {
  const automated = spec.syncPolicy?.['automated'];
  if (typeof automated !== 'object' || automated === null) return false;
  return !('enabled' in automated && automated.enabled === false);
}

/** The revisions of the last operation. */
function attempted({ status }: ApplicationObject): string | undefined {
  const result = status.operationState?.['syncResult'];
  if (typeof result !== 'object' || result === null) return undefined;
  if ('revisions' in result && Array.isArray(result.revisions)) return result.revisions.join();
  return 'revision' in result && typeof result.revision === 'string' ? result.revision : undefined;
}
