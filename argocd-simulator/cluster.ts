// The applications as the API server keeps them: their versions, their changes, and the streams that receive the changes.
import type { ApplicationObject } from './application.ts';
import type { Behaviour } from './description.ts';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';
export type Listener = (type: ChangeType, object: ApplicationObject) => void;

/** One application: the object that Argo CD shows, and what the simulator stores besides. */
export type ApplicationRecord = {
  object: ApplicationObject;
  behaviour: Behaviour;
  /** Deployed content by resource key; a resource without an entry is missing in the cluster. */
  live: Map<string, string>;
  /** Stops the timers of the running operation. */
  cancelRun?: () => void;
  /** Replaces the rest of the running operation by its termination. */
  terminate?: () => void;
};

export interface Cluster {
  resourceVersion(): number;
  get(namespace: string, name: string): ApplicationRecord | undefined;
  all(): Iterable<ApplicationRecord>;
  size(): number;
  add(record: ApplicationRecord): void;
  remove(record: ApplicationRecord): void;
  /** Stores a new version of the object, and sends it to all streams. */
  update(record: ApplicationRecord, change: (object: ApplicationObject) => ApplicationObject): void;
  onChange(listener: Listener): () => void;
}

export function createCluster(firstVersion: number): Cluster {
  let version = firstVersion;
  const records = new Map<string, ApplicationRecord>();
  const listeners = new Set<Listener>();

  function versioned(object: ApplicationObject): ApplicationObject {
    version += 1;
    const { metadata } = object;
    return {
      ...object,
      metadata: { ...metadata, resourceVersion: String(version), generation: metadata.generation + 1 },
    };
  }
  const notify: Listener = (type, object) => {
    for (const listener of listeners) listener(type, object);
  };
  const keyOf = ({ metadata }: ApplicationObject): string => `${metadata.namespace}/${metadata.name}`;

  return {
    resourceVersion: () => version,
    get: (namespace, name) => records.get(`${namespace}/${name}`),
    all: () => records.values(),
    size: () => records.size,
    add(record) {
      record.object = versioned(record.object);
      records.set(keyOf(record.object), record);
      notify('ADDED', record.object);
    },
    remove(record) {
      record.cancelRun?.();
      record.object = versioned(record.object);
      records.delete(keyOf(record.object));
      notify('DELETED', record.object);
    },
    update(record, change) {
      // The application was deleted or the world was replaced meanwhile. A late timer must then change nothing.
      if (records.get(keyOf(record.object)) !== record) return;
      record.object = versioned(change(record.object));
      notify('MODIFIED', record.object);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
