// What is known of each application, keyed by namespace and name. Nothing else caches Argo CD.
//
// List items carry no version, so time decides: an application with a stream event after the list request was sent
// keeps the stream's record, all others take the list's, and what the list lacks is dropped. A list that was sent before
// one already taken says nothing new. Only the stream and lists tell what exists: a GET may be answered long after a
// deletion.
import type { AppDetail, AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';

/** The moment at which a request was sent, in the order of what the registry has seen. */
export interface Ticket {
  readonly order: number;
}

export interface Registry {
  /** To be taken right before a request is sent. */
  ticket(): Ticket;
  event(type: 'changed' | 'deleted', record: AppRecord): void;
  list(ticket: Ticket, records: readonly AppRecord[]): void;
  /** The answer to a GET of one application; it counts only for one that is known. */
  whole(ticket: Ticket, record: AppRecord): void;
  get(key: string): AppRecord | undefined;
  all(): IterableIterator<AppRecord>;
  readonly size: number;
  /** Told the keys that have changed, appeared or gone, after each event, list or answer that changed any. */
  onChange(listener: (keys: ReadonlySet<string>) => void): () => void;
}

interface Entry {
  readonly record: AppRecord;
  /** when the stream or a GET last told of it */
  readonly order: number;
}

export function createRegistry(): Registry {
  const entries = new Map<string, Entry>();
  /** applications that the stream has reported as deleted, so that a list sent before does not bring them back */
  const deleted = new Map<string, number>();
  const listeners = new Set<(keys: ReadonlySet<string>) => void>();
  let order = 0;
  let newestList = 0;

  const tell = (keys: ReadonlySet<string>) => {
    if (keys.size > 0) for (const listener of listeners) listener(keys);
  };
  const put = (key: string, entry: Entry): boolean => {
    const before = entries.get(key);
    entries.set(key, entry);
    return before === undefined || !sameRecord(before.record, entry.record);
  };

  return {
    ticket: () => ({ order: ++order }),
    event: (type, record) => {
      const key = keyOf(record);
      order += 1;
      if (type === 'deleted') {
        deleted.set(key, order);
        if (entries.delete(key)) tell(new Set([key]));
        return;
      }
      deleted.delete(key);
      const known = withKnownResources(record, entries.get(key)?.record);
      if (put(key, { record: known, order })) tell(new Set([key]));
    },
    list: (ticket, records) => {
      if (ticket.order < newestList) return;
      newestList = ticket.order;
      const changed = new Set<string>();
      const listed = new Set<string>();
      for (const record of records) {
        const key = keyOf(record);
        listed.add(key);
        if ((deleted.get(key) ?? 0) > ticket.order) continue;
        const before = entries.get(key);
        if (before !== undefined && before.order > ticket.order) continue;
        const merged = withKnownDetail(record, before?.record);
        if (put(key, { record: merged, order: before?.order ?? 0 })) changed.add(key);
      }
      for (const [key, entry] of entries)
        if (!listed.has(key) && entry.order <= ticket.order) {
          entries.delete(key);
          changed.add(key);
        }
      for (const [key, at] of deleted) if (at <= ticket.order) deleted.delete(key);
      tell(changed);
    },
    whole: (ticket, record) => {
      const key = keyOf(record);
      const before = entries.get(key);
      if (before === undefined || before.order > ticket.order) return;
      if (put(key, { record, order: ticket.order })) tell(new Set([key]));
    },
    get: (key) => entries.get(key)?.record,
    all: function* () {
      for (const entry of entries.values()) yield entry.record;
    },
    get size() {
      return entries.size;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The stream leaves resources out, so what a whole object has told of them stays. */
function withKnownResources(record: AppRecord, known: AppRecord | undefined): AppRecord {
  const appOfApps = known?.detail?.appOfApps;
  if (appOfApps === undefined || record.detail === undefined || record.detail.appOfApps !== undefined)
    return record;
  return { ...record, detail: { ...record.detail, appOfApps } };
}

/** A list that agrees with what the stream told last has nothing against its detail; otherwise the detail is old. */
function withKnownDetail(listed: AppRecord, known: AppRecord | undefined): AppRecord {
  if (known?.detail === undefined) return listed;
  // Of an application with `sources`, be it one, a list leaves the revision empty (`list-fields-multi-source`).
  const target = listed.target === '' ? known.target : listed.target;
  const agrees =
    listed.sync === known.sync &&
    target === known.target &&
    listed.phase === known.phase &&
    listed.startedAt === known.startedAt &&
    listed.finishedAt === known.finishedAt;
  return agrees ? { ...listed, target, detail: known.detail } : listed;
}

/** One comparison a member, so that none can be forgotten; as text, 10,000 applications would take ten times as long. */
const sameMember: { readonly [Member in keyof AppRecord]-?: (a: AppRecord, b: AppRecord) => boolean } = {
  namespace: (a, b) => a.namespace === b.namespace,
  name: (a, b) => a.name === b.name,
  project: (a, b) => a.project === b.project,
  labels: (a, b) => sameLabels(a.labels, b.labels),
  repository: (a, b) => a.repository === b.repository,
  sources: (a, b) => a.sources === b.sources,
  plainGit: (a, b) => a.plainGit === b.plainGit,
  automated: (a, b) => a.automated === b.automated,
  deleting: (a, b) => a.deleting === b.deleting,
  compared: (a, b) => a.compared === b.compared,
  sync: (a, b) => a.sync === b.sync,
  health: (a, b) => a.health === b.health,
  target: (a, b) => a.target === b.target,
  phase: (a, b) => a.phase === b.phase,
  startedAt: (a, b) => a.startedAt === b.startedAt,
  finishedAt: (a, b) => a.finishedAt === b.finishedAt,
  detail: (a, b) => sameDetail(a.detail, b.detail),
};
const comparisons = Object.values(sameMember);

function sameRecord(a: AppRecord, b: AppRecord): boolean {
  return comparisons.every((isSame) => isSame(a, b));
}

function sameLabels(a: AppRecord['labels'], b: AppRecord['labels']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function sameDetail(a: AppDetail | undefined, b: AppDetail | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.deployed === b.deployed &&
    a.previous === b.previous &&
    a.condition === b.condition &&
    a.appOfApps === b.appOfApps &&
    a.message === b.message &&
    a.operation.releaseId === b.operation.releaseId &&
    a.operation.pressId === b.operation.pressId
  );
}
