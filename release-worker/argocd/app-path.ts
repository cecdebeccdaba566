// How a request names its application: the path and the query parameters.
import type { AppName } from './client.ts';

export function appPath(app: AppName): string {
  return `/api/v1/applications/${encodeURIComponent(app.name)}`;
}

/** An older journal may hold an empty project, which means that the project is not known. */
export function projectOf({ project = '' }: AppName): { readonly project?: string } {
  return project === '' ? {} : { project };
}

export function scope(app: AppName): { readonly appNamespace: string; readonly project?: string } {
  return { appNamespace: app.namespace, ...projectOf(app) };
}

/** The name of an application in messages. */
export function named(app: AppName): string {
  return `${app.namespace}/${app.name}`;
}
