// What is known of an application of Argo CD.
import type { SyncStatus } from '../../messages/drift.ts';

/** Our own infos at an operation, by which a sync is recognised after a crash or a lost answer. */
export interface OperationIds {
  readonly releaseId?: string;
  readonly pressId?: string;
}

/** What is known of an operation. Argo CD's stream tells whose and what it is only until it is over. */
export interface OperationFacts extends OperationIds {
  /** Argo CD's automated sync has begun it */
  readonly automated?: true;
  /** the revision that it deploys, whole; absent: not known, or it does not deploy the whole application */
  readonly deploys?: string;
}

/** Where an application deploys to; what it does not name is empty. */
export interface Destination {
  readonly namespace: string;
  readonly name: string;
  readonly server: string;
}

/** What every list item tells of an application, whatever the version of Argo CD. */
export interface AppStatus {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly deleting: boolean;
  /** false for one that Argo CD has never compared yet; its `sync` is `Unknown` too */
  readonly compared: boolean;
  readonly sync: SyncStatus;
  readonly health: string;
  /**
   * The head that the comparison was made with; for several sources joined by `,`. Undefined while it is not known: a
   * list tells it from Argo CD 3.5.0 on, and never that of several sources.
   */
  readonly target: string | undefined;
  /** phase of the last operation; `Pending`: accepted, but Argo CD has not begun it */
  readonly phase: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What an application is, as somebody has written it down. */
export interface AppSpec {
  /** empty only where Argo CD has sent an application without a specification */
  readonly project: string;
  /** where releases come from, to share what is known of a revision: `<repository URL>` */
  readonly repository: string;
  /** absent: not known */
  readonly destination?: Destination;
  /** number of sources; 1 for the plain kind */
  readonly sources: number;
  /** one Git repository under `source`: no list of sources, be it of one, and no Helm chart */
  readonly plainGit: boolean;
  readonly automated: boolean;
}

/** A list item. A member that the list left out is absent: it is not known, and no value stands for it. */
export interface ListedApp extends AppStatus, Partial<AppSpec> {
  readonly detail?: AppDetail;
}

/** What is kept of an application: what topics, light and release need, and no more. */
export interface AppRecord extends AppStatus, AppSpec {
  /** What a list does not tell; absent until the stream or a whole object has told. */
  readonly detail?: AppDetail;
}

export interface AppDetail {
  /** the newest history entry's revision; for several sources joined by `,` */
  readonly deployed: string;
  /** the newest other revision that was deployed from the same Git repository and path; empty: none */
  readonly previous: string;
  readonly message: string;
  /** the first thing that Argo CD has to say against it, `<type>: <message>`; empty: nothing */
  readonly condition: string;
  /** whether it deploys other applications: known once it has been seen whole, as the stream leaves resources out */
  readonly appOfApps?: boolean;
  /** the operation that runs or ran last */
  readonly operation: OperationFacts;
}

export const infoNames = { releaseId: 'release-id', pressId: 'press-id', button: 'button' } as const;

export function keyOf(app: { readonly namespace: string; readonly name: string }): string {
  return `${app.namespace}/${app.name}`;
}

/** Whether a list has told what an application must be judged by. */
export function isWholeItem(app: ListedApp): app is AppRecord {
  return (
    app.project !== undefined &&
    app.repository !== undefined &&
    app.sources !== undefined &&
    app.plainGit !== undefined &&
    app.automated !== undefined
  );
}
