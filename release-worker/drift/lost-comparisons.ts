// Remembers which applications were out of sync when Argo CD could last compare them, also over a restart: the caller writes
// the changes to the journal.

/** An application that was out of sync and cannot be compared now. */
export interface Lost {
  readonly key: string;
  /** Until when it was known to be out of sync, on the clock of `note` */
  readonly at: number;
}

export interface LostComparisonChanges {
  /** Out of sync before, and not comparable now */
  readonly lost: readonly string[];
  /** Comparable again, or gone */
  readonly found: readonly string[];
}

export interface LostComparisons {
  /** From an earlier run. It counts if the application cannot be compared when it is first seen. */
  remember(key: string, at: number): void;
  /** Each change of an application. @param comparison `other`: it can be compared, is gone or is being deleted */
  note(key: string, comparison: 'unknown' | 'other', wasDrifted: boolean, now: number): void;
  /** Every existing application has been noted, so remembered ones that were not noted are gone. */
  complete(): void;
  get(key: string): Lost | undefined;
  /** In the order in which they were lost, except for those of an earlier run */
  all(): Iterable<Lost>;
  /** The changes since the last call. Undefined: none. */
  changes(): LostComparisonChanges | undefined;
}

export function createLostComparisons(): LostComparisons {
  const lost = new Map<string, Lost>();
  const former = new Map<string, number>();
  let added = new Set<string>();
  let removed = new Set<string>();

  const put = (key: string, now: number) => {
    if (lost.has(key)) return;
    lost.set(key, { key, at: now });
    if (!removed.delete(key)) added.add(key);
  };
  const drop = (key: string) => {
    if (!lost.delete(key)) return;
    if (!added.delete(key)) removed.add(key);
  };
  /** What an earlier run has noted is in the journal already. */
  const recall = (key: string) => {
    const at = former.get(key);
    if (at !== undefined) lost.set(key, { key, at });
    former.delete(key);
  };

  return {
    remember: (key, at) => void former.set(key, at),
    note: (key, comparison, wasDrifted, now) => {
      recall(key);
      if (comparison === 'other') drop(key);
      else if (wasDrifted) put(key, now);
    },
    complete: () => {
      for (const key of former.keys()) {
        recall(key);
        drop(key);
      }
    },
    get: (key) => lost.get(key),
    all: () => lost.values(),
    changes: () => {
      if (added.size === 0 && removed.size === 0) return undefined;
      const changes = { lost: [...added], found: [...removed] };
      added = new Set();
      removed = new Set();
      return changes;
    },
  };
}
