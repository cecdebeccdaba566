// The worker's records of Argo CD's applications.
import type { SyncStatus } from '../../messages/drift.ts';

/** Our own info entries of an operation. The worker recognizes its sync by them after a crash or a lost answer. */
export interface OperationIds {
  readonly releaseId?: string;
  readonly pressId?: string;
}

/** What the worker knows of an operation. The stream says who started it and what it deploys only until it ends. */
export interface OperationFacts extends OperationIds {
  /** Argo CD's automated sync started it */
  readonly automated?: true;
  /** the full revision that it deploys; absent: not known, or it does not deploy the whole application */
  readonly deploys?: string;
}

/** Where an application deploys to. A member that the application does not name is empty. */
export interface Destination {
  readonly namespace: string;
  readonly name: string;
  readonly server: string;
}

/** What every list item contains, in all versions of Argo CD. */
export interface AppStatus {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly deleting: boolean;
  /** false if Argo CD has never compared the application; then its `sync` is `Unknown` as well */
  readonly compared: boolean;
  readonly sync: SyncStatus;
  readonly health: string;
  /**
   * The target revision that Argo CD compared the application with. Several sources: joined by `,`. Undefined: not known.
   * Lists contain it since Argo CD 3.5.0, but never for several sources.
   */
  readonly target: string | undefined;
  /** phase of the last operation; `Pending`: Argo CD has accepted it, but not started it */
  readonly phase: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What the specification of an application says. */
export interface AppSpec {
  /** empty only if Argo CD sent the application without a specification */
  readonly project: string;
  /** the repository URL of the source; applications with the same URL share commit details */
  readonly repository: string;
  /** absent: not known */
  readonly destination?: Destination;
  /** number of sources; 1 for an application with a single `source` */
  readonly sources: number;
  /** one Git repository under `source`: neither a `sources` list (not even of one entry) nor a Helm chart */
  readonly plainGit: boolean;
  readonly automated: boolean;
}

/** A list item. A member that the list left out is absent: it is not known, and has no default. */
export interface ListedApp extends AppStatus, Partial<AppSpec> {
  readonly detail?: AppDetail;
}

/** What the worker keeps of an application: no more than topics, light and releases need. */
export interface AppRecord extends AppStatus, AppSpec {
  /** What lists do not contain. Absent until the stream or a GET has delivered it. */
  readonly detail?: AppDetail;
}

export interface AppDetail {
  /** the revision of the newest history entry; several sources: joined by `,` */
  readonly deployed: string;
  /** the newest other revision that was deployed from the same Git repository and path; empty: none */
  readonly previous: string;
  readonly message: string;
  /** the most important condition, `<type>: <message>`; empty: none */
  readonly condition: string;
  /** whether it deploys other applications; absent until a GET delivered it, because the stream leaves resources out */
  readonly appOfApps?: boolean;
  /** the running operation, or the last one */
  readonly operation: OperationFacts;
}

export const infoNames = { releaseId: 'release-id', pressId: 'press-id', button: 'button' } as const;

export function keyOf(app: { readonly namespace: string; readonly name: string }): string {
  return `${app.namespace}/${app.name}`;
}

/** Whether the list item has all members that the worker needs to judge an application. */
export function isWholeItem(app: ListedApp): app is AppRecord {
  return (
    app.project !== undefined &&
    app.repository !== undefined &&
    app.sources !== undefined &&
    app.plainGit !== undefined &&
    app.automated !== undefined
  );
}
