// Which application drifts next.
import type { ApplicationRecord, Cluster } from './cluster.ts';
import { isAutomated } from './controller.ts';
import type { SimulatedWorld } from './world.ts';

/** So many are named in one line of the log. */
const namedMax = 5;

type Drifted = { namespace: string; name: string; revision: string | null };
type DriftRequest = {
  app?: string;
  namespace?: string;
  count?: number;
  kind?: 'commit' | 'elsewhere' | 'edit';
  noticed?: boolean;
  message?: string;
  revision?: string;
};

export interface Drift {
  /** Lets the named application drift, or the next `count` ones; `undefined`: there is no such application. */
  now(request: DriftRequest): Drifted[] | undefined;
}

/** For the log: `drift: argocd/shop, argocd/blog and 3 more`. */
export function inWordsOf(drifted: readonly Drifted[]): string {
  const named = drifted.slice(0, namedMax).map(({ namespace, name }) => `${namespace}/${name}`);
  const more = drifted.length - named.length;
  return `drift: ${named.join(', ') || 'no application'}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What is in sync drifts first, so that every application drifts once before one does again. */
export function createDrift(world: SimulatedWorld): Drift {
  let turn = 0;

  /** Takes its turn out of the candidates. */
  function next(candidates: ApplicationRecord[]): ApplicationRecord | undefined {
    const at = turn % Math.max(candidates.length, 1);
    // More than one step, so that neighbours in the list do not drift one after the other.
    turn += 5;
    return candidates.splice(at, 1)[0];
  }

  function drift(
    record: ApplicationRecord,
    { kind = 'commit', noticed = true, message, revision }: DriftRequest,
  ): Drifted {
    const { namespace, name } = record.object.metadata;
    if (kind === 'edit') {
      world.controller.edit(record);
      return { namespace, name, revision: null };
    }
    const commit = world.controller.push(record, {
      noticed,
      elsewhere: kind === 'elsewhere',
      ...(message === undefined ? {} : { message }),
      ...(revision === undefined ? {} : { revision }),
    });
    return { namespace, name, revision: commit?.revision ?? null };
  }

  return {
    now(request) {
      if (request.app !== undefined) {
        const record = world.cluster.get(request.namespace ?? 'argocd', request.app);
        return record && [drift(record, request)];
      }
      const drifted: Drifted[] = [];
      let candidates: ApplicationRecord[] = [];
      for (let n = 0; n < (request.count ?? 1); n += 1) {
        if (candidates.length === 0) candidates = driftable(world.cluster);
        const record = next(candidates);
        if (record) drifted.push(drift(record, request));
      }
      return drifted;
    },
  };
}

/** In sync, at rest, and waiting for a person; where there is none, whatever waits for a person. */
function driftable(cluster: Cluster): ApplicationRecord[] {
  const waiting = [...cluster.all()].filter(
    ({ object, behaviour }) =>
      !isAutomated(object) && !behaviour.projectMissing && typeof behaviour.comparisonError !== 'string',
  );
  const atRest = waiting.filter(({ object }) => !object.operation && object.status.sync.status === 'Synced');
  return atRest.length > 0 ? atRest : waiting;
}
