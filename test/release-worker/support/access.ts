// Access on a hand-moved clock, with a scripted Argo CD that counts its requests.
import { onTestFinished } from 'vitest';
import type { AppName, ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { createAccess } from '../../../release-worker/drift/access.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from './argocd.ts';
import { passTime } from './settle.ts';

export const refused = () => Promise.reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' }));

export function askingAccess(over: Partial<ArgoCd> = {}) {
  const clock = createFakeClock();
  const registry = createRegistry();
  /** the requests so far, by kind */
  const asked = { projects: [] as string[], apps: [] as string[], windows: [] as string[] };
  const changed: string[][] = [];
  const rules = { project: true, permitted: true, windowOpen: true };
  const access = createAccess({
    argocd: scriptedArgoCd({
      maySyncAll: (project) => {
        asked.projects.push(project);
        return Promise.resolve(rules.project);
      },
      maySync: ({ name }: AppName) => {
        asked.apps.push(name);
        return Promise.resolve(rules.permitted);
      },
      syncWindows: ({ name }: AppName) => {
        asked.windows.push(name);
        return Promise.resolve({ open: rules.windowOpen, assigned: [], active: [] });
      },
      projectWindows: () => refused(),
      ...over,
    }),
    registry,
    clock,
    log: silentLog(),
    onChange: (keys) => void changed.push([...keys]),
  });
  onTestFinished(() => access.stop());
  return {
    clock,
    registry,
    access,
    asked,
    changed,
    rules,
    pass: (ms: number) => passTime(clock, ms, 1_000),
  };
}
