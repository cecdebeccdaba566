// Chooses the sync windows of an application, and decides whether they allow a manual sync now. Pure functions.
import type { ApplicationObject } from '../../argocd-simulator/application.ts';
import { globPattern } from './glob.ts';
import type { SyncWindow } from './world-description.ts';

/** The windows of a project that apply to this application. */
export function windowsAbout(
  windows: readonly SyncWindow[],
  { metadata, spec }: ApplicationObject,
): SyncWindow[] {
  return windows.filter(({ applications, namespaces, clusters, andOperator }) => {
    const { namespace = '', name = '', server = '' } = spec.destination;
    const kinds = [
      { globs: applications, values: [metadata.name] },
      { globs: clusters, values: [name, server].filter((value) => value !== '') },
      { globs: namespaces, values: [namespace] },
    ].filter(({ globs }) => globs.length > 0);
    const matches = ({ globs, values }: (typeof kinds)[number]) =>
      globs.some((glob) => values.some((value) => globPattern(glob).test(value)));
    return andOperator ? kinds.length > 0 && kinds.every(matches) : kinds.some(matches);
  });
}

/**
 * Whether a person may sync now. An open deny window outweighs every allow window. While no allow window is open, every
 * allow window must permit manual syncs.
 */
export function canSync(windows: readonly SyncWindow[]): boolean {
  const denying = windows.filter(({ kind, open }) => kind === 'deny' && open);
  if (denying.length > 0) return denying.every(({ manualSync }) => manualSync);
  const allowing = windows.filter(({ kind }) => kind === 'allow');
  return allowing.some(({ open }) => open) || allowing.every(({ manualSync }) => manualSync);
}
