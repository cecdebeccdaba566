// Since when each application has been out of sync, as far as this process has seen it; Argo CD does not tell.
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { isDrifted } from './summary.ts';

export interface DriftAges {
  /** To be told all applications whenever some have changed. @param now on any clock that only goes forward */
  look(apps: Iterable<AppRecord>, now: number): void;
  /** Since when the one that has been out of sync for longest is; undefined where none of these is. */
  oldest(apps: Iterable<AppRecord>): number | undefined;
}

export function createDriftAges(): DriftAges {
  let since: ReadonlyMap<string, number> = new Map();
  return {
    look: (apps, now) => {
      const next = new Map<string, number>();
      for (const app of apps) if (isDrifted(app)) next.set(keyOf(app), since.get(keyOf(app)) ?? now);
      since = next;
    },
    oldest: (apps) => {
      let oldest: number | undefined;
      for (const app of apps) {
        const at = since.get(keyOf(app));
        if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
      }
      return oldest;
    },
  };
}
