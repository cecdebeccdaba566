// Chooses the application that drifts next.
import { controlPlaneNamespace } from './application.ts';
import type { Backend } from './backend.ts';
import type { ApplicationRecord, Cluster } from './cluster.ts';
import { isAutomated } from './controller.ts';
import type { Timers } from './timers.ts';

/** How many applications a line of the log names. */
const namedMax = 5;

export type Drifted = { namespace: string; name: string; revision: string | null };

export interface DriftRequest {
  readonly app?: string;
  readonly namespace?: string;
  readonly count?: number;
}

export interface Drift {
  /**
   * Makes the named application drift, or the next `count` ones. Returns `undefined` if there is no such application.
   *
   * @param change changes the application or its repository, and returns the new commit if there is one
   */
  now(
    request: DriftRequest,
    change: (record: ApplicationRecord) => string | undefined,
  ): Drifted[] | undefined;
}

/** For the log: `drift: argocd/shop, argocd/blog and 3 more`. */
export function inWordsOf(drifted: readonly Drifted[]): string {
  const named = drifted.slice(0, namedMax).map(({ namespace, name }) => `${namespace}/${name}`);
  const more = drifted.length - named.length;
  return `drift: ${named.join(', ') || 'no application'}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Applications in sync drift first, so that each one drifts once before any drifts again. */
export function createDrift({ cluster }: Pick<Backend, 'cluster'>): Drift {
  let turn = 0;

  /** Takes one candidate out of the list, a different one at each call. */
  function next(candidates: ApplicationRecord[]): ApplicationRecord | undefined {
    const at = turn % Math.max(candidates.length, 1);
    // A step of more than one, so that neighbours in the list do not drift one after the other.
    turn += 5;
    return candidates.splice(at, 1)[0];
  }

  return {
    now({ app, namespace = controlPlaneNamespace, count = 1 }, change) {
      const drifted = (record: ApplicationRecord): Drifted => {
        const { metadata } = record.object;
        return { namespace: metadata.namespace, name: metadata.name, revision: change(record) ?? null };
      };
      if (app !== undefined) {
        const record = cluster.get(namespace, app);
        return record && [drifted(record)];
      }
      const all: Drifted[] = [];
      let candidates: ApplicationRecord[] = [];
      for (let n = 0; n < count; n += 1) {
        if (candidates.length === 0) candidates = driftable(cluster);
        const record = next(candidates);
        if (record) all.push(drifted(record));
      }
      return all;
    },
  };
}

/** In sync, at rest, and without automated syncs; if there is none, all those without automated syncs. */
function driftable(cluster: Cluster): ApplicationRecord[] {
  const waiting = [...cluster.all()].filter(
    ({ object }) => !isAutomated(object) && object.status.sync.status !== 'Unknown',
  );
  const atRest = waiting.filter(({ object }) => !object.operation && object.status.sync.status === 'Synced');
  return atRest.length > 0 ? atRest : waiting;
}

/** Makes applications drift at an interval, until the timers are cancelled. */
export function driftForever(options: {
  drift: Drift;
  change: Parameters<Drift['now']>[1];
  timers: Timers;
  /** In ms; 0: never. */
  everyMs: number;
  log(message: string, fields: Record<string, unknown>): void;
}): void {
  const { drift, change, timers, everyMs, log } = options;
  if (everyMs === 0) return;
  timers.after(everyMs, () => {
    const drifted = drift.now({}, change);
    if (drifted && drifted.length > 0) log(inWordsOf(drifted), { drifted });
    driftForever(options);
  });
}
