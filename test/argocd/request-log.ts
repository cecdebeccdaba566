// Records the requests to the simulator, so that a test can count syncs exactly.
import type { Info } from '../../argocd-simulator/application.ts';

/** The log drops older entries, and keeps the counts. */
const mostEntries = 10_000;

type SyncEntry = {
  at: string;
  namespace: string;
  name: string;
  account: string | null;
  infos: Info[];
  revision: string;
  dryRun: boolean;
  /** The status of Argo CD's answer, even if a fault kept the client from getting it; null: not carried out. */
  status: number | null;
};

export interface RequestLog {
  request(method: string, path: string): void;
  sync(entry: SyncEntry): void;
  show(): unknown;
  clear(): void;
}

export function createRequestLog(onSync: (entry: SyncEntry) => void = () => {}): RequestLog {
  let syncs: SyncEntry[] = [];
  let accepted = new Map<string, number>();
  let requests = new Map<string, number>();
  const count = (counts: Map<string, number>, key: string): void => {
    // A limit, because a client may ask for any number of unknown paths.
    if (counts.has(key) || counts.size < mostEntries) counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return {
    request: (method, path) => count(requests, `${method} ${path}`),
    sync(entry) {
      onSync(entry);
      syncs.push(entry);
      if (syncs.length > mostEntries) syncs.shift();
      if (entry.status === 200) count(accepted, `${entry.namespace}/${entry.name}`);
    },
    show: () => ({
      syncs,
      accepted: Object.fromEntries(accepted),
      requests: Object.fromEntries(requests),
    }),
    clear() {
      syncs = [];
      accepted = new Map();
      requests = new Map();
    },
  };
}
