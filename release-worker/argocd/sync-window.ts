// Sync windows as Argo CD tells them: of an application without their time zones, of a project with them.
import * as z from 'zod/mini';

export interface UnzonedWindow {
  /** `allow` or `deny` */
  readonly kind: string;
  /** five fields of cron */
  readonly schedule: string;
  /** as Go writes it: `1h30m` */
  readonly duration: string;
  readonly manualSync: boolean;
}

/** Which applications a window is about, in patterns; `Matches` of `SyncWindows` in Argo CD's source reads them. */
export interface WindowScope {
  readonly applications: readonly string[];
  /** Namespaces that applications deploy to. */
  readonly namespaces: readonly string[];
  /** Names or addresses of clusters that applications deploy to. */
  readonly clusters: readonly string[];
  /** All kinds of patterns must match, in place of one. */
  readonly andOperator: boolean;
}

export interface SyncWindow extends UnzonedWindow {
  /** IANA; empty: UTC */
  readonly timeZone: string;
}

/** As the project has it. */
export interface ProjectWindow extends SyncWindow {
  readonly scope: WindowScope;
  /** What somebody wrote down about it; empty: nothing. */
  readonly description: string;
}

export interface WindowsOfApp {
  /** whether a manual sync is let through now */
  readonly open: boolean;
  /** those about the application, open or not; `applicationApplicationSyncWindow` of the API has no time zone */
  readonly assigned: readonly UnzonedWindow[];
  /** Those of them that are open. */
  readonly active: readonly UnzonedWindow[];
}

/** Argo CD allows 255 characters in newer versions, and any number in older ones. */
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

/** Projects that the one asked for inherits from (`globalProjects` in `argocd-cm`). */
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
