// Whether the account may sync an application, and when: its permissions, and the sync windows.
import * as z from 'zod/mini';
import { appPath, named, scope } from './app-path.ts';
import type { ArgoCd } from './client.ts';
import { ArgoCdError } from './errors.ts';
import type { ArgoCdHttp } from './http.ts';
import {
  globalProjectsSchema,
  projectSchema,
  windowsOfApp,
  windowsOfProject,
  windowsSchema,
} from './sync-window.ts';

const canISchema = z.object({ value: z.string() });

export function createSyncRights(
  call: ArgoCdHttp['call'],
): Pick<ArgoCd, 'maySync' | 'maySyncAll' | 'syncWindows' | 'projectWindows'> {
  const maySyncAs = async (whom: string, name: readonly string[]) => {
    const { answer } = await call({
      name: 'can-i',
      what: `ask whether the account may sync ${whom}`,
      path: `/api/v1/account/can-i/applications/sync/${name.map(encodeURIComponent).join('/')}`,
      schema: canISchema,
    });
    return answer.value === 'yes';
  };

  return {
    // Policies name an application `<project>/<name>`, or `<project>/<namespace>/<name>` if the namespace is not Argo CD's
    // own ("Applications in any namespace" in its manual). No API tells which namespace is Argo CD's own, so both are asked.
    maySync: async (app) => {
      const project = knownProject(app.project, `ask whether the account may sync ${named(app)}`);
      return (
        (await maySyncAs(named(app), [project, app.name])) ||
        (app.namespace !== '' && (await maySyncAs(named(app), [project, app.namespace, app.name])))
      );
    },
    maySyncAll: async (project) =>
      maySyncAs(`all of the project ${project}`, [
        knownProject(project, 'ask whether the account may sync all of a project'),
        '*',
      ]),
    syncWindows: async (app) => {
      const { answer } = await call({
        name: 'syncwindows',
        what: `ask for the sync windows of ${named(app)}`,
        path: `${appPath(app)}/syncwindows`,
        query: scope(app),
        schema: windowsSchema,
      });
      return windowsOfApp(answer);
    },
    projectWindows: async (project) => {
      const path = `/api/v1/projects/${encodeURIComponent(knownProject(project, 'get the sync windows of a project'))}`;
      const own = await call({
        name: 'project',
        what: `get the project ${project}`,
        path,
        schema: projectSchema,
      });
      const inherited = await call({
        name: 'project',
        what: `get the global projects of the project ${project}`,
        path: `${path}/globalprojects`,
        schema: globalProjectsSchema,
      });
      return [own.answer, ...(inherited.answer.items ?? [])].flatMap(windowsOfProject);
    },
  };
}

/**
 * If a name in the path is empty, Argo CD redirects to another question (`can-i-empty-project`, `globalprojects-empty`).
 * @throws ArgoCdError when the project is not known
 */
function knownProject(project: string, what: string): string {
  if (project !== '') return project;
  throw new ArgoCdError({ kind: 'invalid', message: `could not ${what}: its project is not known` });
}
