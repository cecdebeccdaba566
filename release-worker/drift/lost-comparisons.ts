// Remembers which applications were out of sync when Argo CD could last compare them, also over a restart: whoever keeps
// the journal is told what changes.

/** An application that was out of sync and cannot be compared now. */
export interface Lost {
  readonly key: string;
  /** until when it was known to be out of sync, on the clock of `note` */
  readonly at: number;
}

export interface LostComparisonChanges {
  /** out of sync before, and not to be compared now */
  readonly lost: readonly string[];
  /** can be compared again, or is gone */
  readonly found: readonly string[];
}

export interface LostComparisons {
  /** What a former run has seen; counts where the application cannot be compared when it is first seen. */
  remember(key: string, at: number): void;
  /** Each change of an application. @param seen `other`: it can be compared, is gone or going */
  note(key: string, seen: 'unknown' | 'other', wasDrifted: boolean, now: number): void;
  /** All that is there has been seen: what a former run knew and is not among it is gone. */
  complete(): void;
  get(key: string): Lost | undefined;
  /** the one lost first comes first, but for those of a former run */
  all(): Iterable<Lost>;
  /** What has changed since the last call; undefined: nothing. */
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
  /** What a former run has noted stands in the journal already. */
  const recall = (key: string) => {
    const at = former.get(key);
    if (at !== undefined) lost.set(key, { key, at });
    former.delete(key);
  };

  return {
    remember: (key, at) => void former.set(key, at),
    note: (key, seen, wasDrifted, now) => {
      recall(key);
      if (seen === 'other') drop(key);
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
