// In-memory copy of every application that Argo CD shows and some button selects, keyed by namespace and name. The only
// cache of Argo CD's state.
//
// List items carry no version, so time decides. If an application had a stream event after the list request was sent, the
// record of the stream stays, even if the list lacks the application. For all others, the record of the list counts, and
// those that are not in the list are dropped. If a newer list has already been applied, an older one is ignored. Only the
// stream and lists show which applications exist, because the answer to a GET may arrive long after a deletion.
//
// If a list item lacks a member, the known value of that member stays. An application that was never known completely is
// kept aside until the stream or a GET has reported the rest, so that no decision rests on incomplete data.
import type { AppDetail, AppRecord, ListedApp } from '../argocd/application.ts';
import { isWholeItem, keyOf } from '../argocd/application.ts';

/** The time at which a request was sent, in the order of events of this registry. */
export interface Ticket {
  readonly order: number;
}

export interface Registry {
  /** Call this just before a request is sent. */
  ticket(): Ticket;
  event(type: 'changed' | 'deleted', record: AppRecord): void;
  list(ticket: Ticket, records: readonly ListedApp[]): void;
  /**
   * The same, a thousand records at a time. Awaits `between` after each thousand. Events that arrive meanwhile are newer and
   * stay. Listeners are called once, at the end.
   */
  listInTurns(ticket: Ticket, records: readonly ListedApp[], between: () => Promise<void>): Promise<void>;
  /** The answer to a GET of one application. It counts only for an application that is known, at least in part. */
  whole(ticket: Ticket, record: AppRecord): void;
  /** Applications about which lists and all other sources say too little to decide whether a button selects them. */
  partlyKnown(): readonly ListedApp[];
  isPartlyKnown(key: string): boolean;
  /**
   * Applications whose target the newest list leaves out and nothing has reported since. Their known target is that of the
   * last stream event or GET, and a newer commit does not show in a list.
   */
  withoutListedTarget(): readonly AppRecord[];
  get(key: string): AppRecord | undefined;
  all(): IterableIterator<AppRecord>;
  readonly size: number;
  /** Receives the keys that have changed, appeared or gone, after each event, list or answer that changed any. */
  onChange(listener: (keys: ReadonlySet<string>) => void): () => void;
}

interface Entry {
  readonly record: AppRecord;
  /** When the stream or a GET last reported it */
  readonly order: number;
}

/** Takes a few milliseconds. */
const inATurn = 1_000;

/** @param wanted the applications to keep; by default all */
export function createRegistry(wanted: (app: AppRecord) => boolean = () => true): Registry {
  const entries = new Map<string, Entry>();
  const partly = new Map<string, ListedApp>();
  const targetUnlisted = new Set<string>();
  /** Completely known, and not wanted: an incomplete list item must not bring them back */
  const unwanted = new Set<string>();
  /** Applications that the stream has reported as deleted, so that an earlier list does not bring them back */
  const deleted = new Map<string, number>();
  const listeners = new Set<(keys: ReadonlySet<string>) => void>();
  let order = 0;
  let newestList = 0;

  const notify = (keys: ReadonlySet<string>) => {
    if (keys.size > 0) for (const listener of listeners) listener(keys);
  };
  /** @returns true if it has changed anything */
  const put = (key: string, entry: Entry): boolean => {
    partly.delete(key);
    targetUnlisted.delete(key);
    if (!wanted(entry.record)) {
      unwanted.add(key);
      return entries.delete(key);
    }
    unwanted.delete(key);
    const before = entries.get(key);
    entries.set(key, entry);
    return before === undefined || !sameRecord(before.record, entry.record);
  };

  /** Pauses after this many records. */
  const applyList = function* (ticket: Ticket, records: readonly ListedApp[]): Generator<undefined, void> {
    if (ticket.order < newestList) return;
    newestList = ticket.order;
    const changed = new Set<string>();
    const listed = new Set<string>();
    for (const [index, record] of records.entries()) {
      if (index > 0 && index % inATurn === 0) yield;
      const key = keyOf(record);
      listed.add(key);
      if ((deleted.get(key) ?? 0) > ticket.order) continue;
      const before = entries.get(key);
      if (before !== undefined && before.order > ticket.order) continue;
      const merged = withKnown(record, before?.record);
      if (isWholeItem(merged)) {
        if (put(key, { record: merged, order: before?.order ?? 0 })) changed.add(key);
        if (record.target === undefined && entries.has(key)) targetUnlisted.add(key);
      } else if (!unwanted.has(key)) partly.set(key, merged);
    }
    for (const [key, entry] of entries)
      if (!listed.has(key) && entry.order <= ticket.order) {
        entries.delete(key);
        targetUnlisted.delete(key);
        changed.add(key);
      }
    for (const key of partly.keys()) if (!listed.has(key)) partly.delete(key);
    for (const key of unwanted) if (!listed.has(key)) unwanted.delete(key);
    for (const [key, at] of deleted) if (at <= ticket.order) deleted.delete(key);
    notify(changed);
  };

  return {
    ticket: () => ({ order: ++order }),
    event: (type, record) => {
      const key = keyOf(record);
      order += 1;
      if (type === 'deleted') {
        deleted.set(key, order);
        partly.delete(key);
        unwanted.delete(key);
        targetUnlisted.delete(key);
        if (entries.delete(key)) notify(new Set([key]));
        return;
      }
      deleted.delete(key);
      const merged = withKnownResources(record, entries.get(key)?.record);
      if (put(key, { record: merged, order })) notify(new Set([key]));
    },
    list: (ticket, records) => {
      const steps = applyList(ticket, records);
      while (steps.next().done !== true);
    },
    listInTurns: async (ticket, records, between) => {
      const steps = applyList(ticket, records);
      while (steps.next().done !== true) await between();
    },
    whole: (ticket, record) => {
      const key = keyOf(record);
      const before = entries.get(key);
      if (before === undefined ? !partly.has(key) : before.order > ticket.order) return;
      if (put(key, { record, order: ticket.order })) notify(new Set([key]));
    },
    partlyKnown: () => [...partly.values()],
    isPartlyKnown: (key) => partly.has(key),
    withoutListedTarget: () => [...targetUnlisted].flatMap((key) => entries.get(key)?.record ?? []),
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

/** The stream leaves resources out, so those of a whole object stay. */
function withKnownResources(record: AppRecord, known: AppRecord | undefined): AppRecord {
  const appOfApps = known?.detail?.appOfApps;
  if (appOfApps === undefined || record.detail === undefined || record.detail.appOfApps !== undefined)
    return record;
  return { ...record, detail: { ...record.detail, appOfApps } };
}

/**
 * A member that a list item leaves out stays. Its target and its details stay only if the list agrees with the last event
 * of the stream. Otherwise both are older, and an old target would be an old release.
 */
function withKnown(listed: ListedApp, known: AppRecord | undefined): ListedApp {
  if (known === undefined) return listed;
  const { detail, target, ...rest } = known;
  const merged = { ...rest, ...listed };
  const agrees =
    listed.sync === known.sync &&
    (listed.target ?? target) === target &&
    listed.phase === known.phase &&
    listed.startedAt === known.startedAt &&
    listed.finishedAt === known.finishedAt;
  if (!agrees) return merged;
  return { ...merged, target, ...(detail === undefined ? {} : { detail }) };
}

/** Compares each member by name, so that none can be forgotten. As text, 10,000 applications would take ten times as long. */
const sameMember: { readonly [Member in keyof AppRecord]-?: (a: AppRecord, b: AppRecord) => boolean } = {
  namespace: (a, b) => a.namespace === b.namespace,
  name: (a, b) => a.name === b.name,
  project: (a, b) => a.project === b.project,
  labels: (a, b) => sameLabels(a.labels, b.labels),
  destination: (a, b) => sameDestination(a.destination, b.destination),
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
    a.operation.pressId === b.operation.pressId &&
    a.operation.automated === b.operation.automated &&
    a.operation.deploys === b.operation.deploys
  );
}

function sameDestination(a: AppRecord['destination'], b: AppRecord['destination']): boolean {
  return a?.namespace === b?.namespace && a?.name === b?.name && a?.server === b?.server;
}
