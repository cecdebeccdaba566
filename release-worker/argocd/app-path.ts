// How a question names the application that it is about.
import type { AppName } from './client.ts';

export function appPath(app: AppName): string {
  return `/api/v1/applications/${encodeURIComponent(app.name)}`;
}

/** A journal of an earlier version of ours may have an empty project: it is not known either. */
export function projectOf({ project = '' }: AppName): { readonly project?: string } {
  return project === '' ? {} : { project };
}

export function scope(app: AppName): { readonly appNamespace: string; readonly project?: string } {
  return { appNamespace: app.namespace, ...projectOf(app) };
}

/** For people. */
export function named(app: AppName): string {
  return `${app.namespace}/${app.name}`;
}
