// Further changes to applications in tests: unnoticed commits, edits in the cluster, adjustments, deletions.
import { omit, timestamp } from '../../argocd-simulator/application.ts';
import type { ApplicationRecord, Cluster } from '../../argocd-simulator/cluster.ts';
import {
  headsOf,
  resourceKey,
  resourcesOf,
  sourcesOf,
  type Compare,
} from '../../argocd-simulator/comparison.ts';
import type { Controller } from '../../argocd-simulator/controller.ts';
import { automatedSync } from '../../argocd-simulator/create-application.ts';
import type { Commit } from '../../argocd-simulator/description.ts';
import type { Repositories } from '../../argocd-simulator/repositories.ts';
import type { Timers } from '../../argocd-simulator/timers.ts';
import type { Conditions } from './conditions.ts';
import type { Details } from './details.ts';
import type { Adjustment } from './world-description.ts';

export interface Changes {
  /**
   * Adds a commit below the application's path, or `elsewhere` in its repository. With `noticed: false`, Argo CD does not
   * see it yet.
   */
  commit(
    record: ApplicationRecord,
    options: { noticed?: boolean; elsewhere?: boolean; message?: string; revision?: string },
  ): Commit | undefined;
  /** Edits a resource in the cluster. Argo CD notices that. */
  edit(record: ApplicationRecord): void;
  adjust(record: ApplicationRecord, adjustment: Adjustment): void;
}

export function createChanges(parts: {
  cluster: Cluster;
  repositories: Repositories;
  controller: Pick<Controller, 'notice'>;
  timers: Timers;
  compare: Compare;
  conditions: Conditions;
  details: Details;
}): Changes {
  const { cluster, repositories, controller, timers, compare, conditions, details } = parts;
  const now = (): string => timestamp(timers.now());
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timers.after(ms, resolve);
    });

  function notice(record: ApplicationRecord): void {
    if (!conditions.controllerDown) controller.notice(record);
  }

  /** Deletes in cascade: marks the application, deletes its resources, then removes the application. */
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
    cluster.update(record, (object) => ({
      ...object,
      status: { ...compare(record, headsOf(record, repositories), now()), reconciledAt: now() },
    }));
    await pause(18);
    if (cluster.get(record.object.metadata.namespace, record.object.metadata.name) === record)
      cluster.remove(record);
  }

  return {
    commit(record, { noticed = true, elsewhere = false, ...commit }) {
      const [source] = sourcesOf(record);
      if (!source) return undefined;
      const created = repositories.commit(source, timers.now(), { ...commit, elsewhere });
      if (noticed) notice(record);
      return created;
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
      const { syncMs, rolloutMs } = behaviour;
      details.set(record, { ...details.descriptionOf(record), ...behaviour });
      record.behaviour = {
        ...record.behaviour,
        ...(syncMs === undefined ? {} : { syncMs }),
        ...(rolloutMs === undefined ? {} : { rolloutMs }),
      };
      cluster.update(record, (object) => ({
        ...object,
        metadata: {
          ...object.metadata,
          ...(behaviour.labels ? { labels: behaviour.labels } : {}),
          ...(behaviour.annotations ? { annotations: behaviour.annotations } : {}),
        },
        spec: {
          ...(behaviour.automated === false ? omit(object.spec, 'syncPolicy') : object.spec),
          ...(behaviour.automated ? { syncPolicy: automatedSync } : {}),
          ...(behaviour.project === undefined ? {} : { project: behaviour.project }),
        },
      }));
      const comparedMembers = ['comparisonError', 'health', 'pruneNeeded'] as const;
      if (comparedMembers.some((key) => behaviour[key] !== undefined)) notice(record);
    },
  };
}
