// The sync windows of a project. They complete Argo CD's answer about one application: until when the answer holds, and the
// description of the window that blocks the application. Pure.
import { shortened } from '../../messages/shortened.ts';
import type { ProjectWindow, SyncWindow, UnzonedWindow, WindowsOfApp } from '../argocd/sync-window.ts';
import { scopeOf } from './window-scope.ts';
import type { ScopedApp } from './window-scope.ts';

export interface ProjectWindows {
  /** True if a window may apply to the application. */
  readonly concern: (app: ScopedApp) => boolean;
  /**
   * The windows of an application. Argo CD reports them without their time zones.
   * @returns undefined if a window could be in either of two zones, or is not one of the project
   */
  readonly zoned: (assigned: readonly UnzonedWindow[]) => readonly SyncWindow[] | undefined;
  /** The descriptions of the windows that block the application. Undefined: none. */
  readonly describe: (app: ScopedApp, windows: WindowsOfApp) => string | undefined;
}

/** The longest description in a signal or a result. In characters. */
const shownLength = 199;

export function projectWindows(windows: readonly ProjectWindow[]): ProjectWindows {
  const same = new Map<string, ProjectWindow[]>();
  for (const window of windows) {
    const key = keyOf(window);
    const others = same.get(key);
    if (others === undefined) same.set(key, [window]);
    else others.push(window);
  }
  return {
    concern: scopeOf(windows),
    zoned: (assigned) => {
      const whole: SyncWindow[] = [];
      for (const window of assigned) {
        const { kind, schedule, duration, manualSync } = window;
        const zones = new Set(same.get(keyOf(window))?.map(({ timeZone }) => timeZone));
        const [timeZone] = zones;
        if (timeZone === undefined || zones.size > 1) return undefined;
        whole.push({ kind, schedule, duration, manualSync, timeZone });
      }
      return whole;
    },
    describe: (app, answer) => {
      const found = new Set<string>();
      for (const window of inTheWay(answer))
        for (const candidate of same.get(keyOf(window)) ?? [])
          if (candidate.description !== '' && scopeOf([candidate])(app)) found.add(candidate.description);
      return found.size === 0 ? undefined : shortened([...found].join('; '), shownLength);
    },
  };
}

function keyOf({ kind, schedule, duration, manualSync }: UnzonedWindow): string {
  return `${kind} ${manualSync} ${duration} ${schedule}`;
}

/** An open deny window is stronger than all others. Without one, the closed allow windows block. */
function inTheWay({ open, active, assigned }: WindowsOfApp): readonly UnzonedWindow[] {
  if (open) return [];
  const isStrict = ({ manualSync }: UnzonedWindow) => !manualSync;
  const denying = active.filter(({ kind }) => kind === 'deny');
  return denying.length > 0
    ? denying.filter(isStrict)
    : assigned.filter(({ kind }) => kind === 'allow').filter(isStrict);
}
