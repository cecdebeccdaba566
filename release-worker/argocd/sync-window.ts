// Sync windows as Argo CD's API returns them: those of an application without time zones, those of a project with them.
import * as z from 'zod/mini';

export interface UnzonedWindow {
  /** `allow` or `deny` */
  readonly kind: string;
  /** a cron schedule with five fields */
  readonly schedule: string;
  /** in Go's format: `1h30m` */
  readonly duration: string;
  readonly manualSync: boolean;
}

/** Patterns for the applications that a window applies to. Source: `Matches` of `SyncWindows` in Argo CD's code. */
export interface WindowScope {
  readonly applications: readonly string[];
  /** namespaces that applications deploy to */
  readonly namespaces: readonly string[];
  /** names or addresses of the clusters that applications deploy to */
  readonly clusters: readonly string[];
  /** the application must match all kinds of patterns; otherwise one kind is enough */
  readonly andOperator: boolean;
}

export interface SyncWindow extends UnzonedWindow {
  /** IANA name; empty: UTC */
  readonly timeZone: string;
}

/** A sync window as the project defines it. */
export interface ProjectWindow extends SyncWindow {
  readonly scope: WindowScope;
  /** a person's note about the window; empty: none */
  readonly description: string;
}

export interface WindowsOfApp {
  /** whether a manual sync is allowed now */
  readonly open: boolean;
  /** windows that apply to the application, open or not; `applicationApplicationSyncWindow` of the API has no time zone */
  readonly assigned: readonly UnzonedWindow[];
  /** those of them that are open */
  readonly active: readonly UnzonedWindow[];
}

/** Newer versions of Argo CD limit descriptions to 255 characters; older ones have no limit. */
const descriptionLength = 255;
const text = z.nullish(z.string());
const windowSchema = z.object({
  kind: text,
  schedule: text,
  duration: text,
  manualSync: z.nullish(z.boolean()),
});
const texts = z.nullish(z.array(z.string()));
const projectWindowSchema = z.extend(windowSchema, {
  timeZone: text,
  applications: texts,
  namespaces: texts,
  clusters: texts,
  andOperator: z.nullish(z.boolean()),
  description: text,
});

export const windowsSchema = z.object({
  canSync: z.nullish(z.boolean()),
  activeWindows: z.nullish(z.array(windowSchema)),
  assignedWindows: z.nullish(z.array(windowSchema)),
});

export const projectSchema = z.object({
  spec: z.object({ syncWindows: z.nullish(z.array(projectWindowSchema)) }),
});

/** The projects that a project inherits from (`globalProjects` in `argocd-cm`). */
export const globalProjectsSchema = z.object({ items: z.nullish(z.array(projectSchema)) });

export function windowsOfApp({
  canSync,
  activeWindows,
  assignedWindows,
}: z.infer<typeof windowsSchema>): WindowsOfApp {
  return {
    open: canSync !== false,
    assigned: (assignedWindows ?? []).map(windowOf),
    active: (activeWindows ?? []).map(windowOf),
  };
}

export function windowsOfProject({ spec }: z.infer<typeof projectSchema>): readonly ProjectWindow[] {
  return (spec?.syncWindows ?? []).map((window) => ({
    ...windowOf(window),
    timeZone: window.timeZone ?? '',
    scope: {
      applications: window.applications ?? [],
      namespaces: window.namespaces ?? [],
      clusters: window.clusters ?? [],
      andOperator: window.andOperator === true,
    },
    description: (window.description ?? '').trim().slice(0, descriptionLength),
  }));
}

function windowOf({ kind, schedule, duration, manualSync }: z.infer<typeof windowSchema>): UnzonedWindow {
  return {
    kind: kind ?? '',
    schedule: schedule ?? '',
    duration: duration ?? '',
    manualSync: manualSync === true,
  };
}
