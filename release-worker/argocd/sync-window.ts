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

export interface SyncWindow extends UnzonedWindow {
  /** IANA; empty: UTC */
  readonly timeZone: string;
}

export interface WindowsOfApp {
  /** whether a manual sync is let through now */
  readonly open: boolean;
  /** those about the application, open or not; `applicationApplicationSyncWindow` of the API has no time zone */
  readonly assigned: readonly UnzonedWindow[];
}

const text = z.nullish(z.string());
const windowSchema = z.object({
  kind: text,
  schedule: text,
  duration: text,
  manualSync: z.nullish(z.boolean()),
  timeZone: text,
});

export const windowsSchema = z.object({
  canSync: z.nullish(z.boolean()),
  assignedWindows: z.nullish(z.array(windowSchema)),
});

export const projectSchema = z.object({
  spec: z.object({ syncWindows: z.nullish(z.array(windowSchema)) }),
});

/** Projects that the one asked for inherits from (`globalProjects` in `argocd-cm`). */
export const globalProjectsSchema = z.object({ items: z.nullish(z.array(projectSchema)) });

export function windowsOfApp({ canSync, assignedWindows }: z.infer<typeof windowsSchema>): WindowsOfApp {
  return { open: canSync !== false, assigned: (assignedWindows ?? []).map(windowOf) };
}

export function windowsOfProject({ spec }: z.infer<typeof projectSchema>): readonly SyncWindow[] {
  return (spec?.syncWindows ?? []).map((window) => ({
    ...windowOf(window),
    timeZone: window.timeZone ?? '',
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
