// What a caller describes to the simulator: repositories, and the applications that use them.

export type Source = {
  repoURL: string;
  path?: string;
  /** The name of the chart, for a Helm repository. */
  chart?: string;
  targetRevision?: string;
};
export type ResourceDescription = {
  group?: string;
  version?: string;
  kind: string;
  name: string;
  namespace?: string;
};
export type Commit = {
  revision: string;
  author: string;
  date: string;
  message: string;
  /** Paths that the commit changes; absent: all. */
  touches?: string[];
};
export type RepositoryDescription = {
  url: string;
  branch: string;
  /** Oldest first; the last one is the head of the branch. */
  commits: Commit[];
};

/** How an application behaves. Argo CD has none of these settings. */
export type Behaviour = {
  name: string;
  /** Default: a ConfigMap and a Service with the application's name. */
  resources?: ResourceDescription[];
  /** Resources (`Kind/name`) that a commit changes; absent: the first one. */
  changes?: string[];
  /** How long a sync runs, in ms. */
  syncMs?: number;
  /** How long health stays Progressing after a sync that rolled something out, in ms. */
  rolloutMs?: number;
  /** Every sync fails with this message. */
  fails?: string;
};

export type HistoryDescription = {
  id: number;
  /** One for each source. */
  revisions: string[];
  deployedAt?: string;
  deployStartedAt?: string;
  /** The account that started it; absent: automated. */
  by?: string;
};

export type ApplicationDescription = Behaviour & {
  namespace?: string;
  project?: string;
  labels?: Record<string, string>;
  createdAt?: string;
  source?: Source;
  /** Instead of `source`. */
  sources?: Source[];
  destination?: { server?: string; name?: string; namespace?: string };
  automated?: boolean;
  /** Deployed revisions, one for each source; absent: the head (in sync); null: never synced. */
  deployed?: string[] | null;
  history?: HistoryDescription[];
};
