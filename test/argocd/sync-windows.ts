// Which sync windows are about an application, and whether they let a person sync now. Pure.
import type { ApplicationObject } from '../../argocd-simulator/application.ts';
import { globPattern } from './glob.ts';
import type { SyncWindow } from './world-description.ts';

/** Those of a project's windows that are about this application. */
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
 * Whether a person may sync now. An open deny window outweighs every allow window. Where no allow window is open, every one
 * of them must allow manual syncs.
 */
export function canSync(windows: readonly SyncWindow[]): boolean {
  const denying = windows.filter(({ kind, open }) => kind === 'deny' && open);
  if (denying.length > 0) return denying.every(({ manualSync }) => manualSync);
  const allowing = windows.filter(({ kind }) => kind === 'allow');
  return allowing.some(({ open }) => open) || allowing.every(({ manualSync }) => manualSync);
}
