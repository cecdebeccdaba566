// Lists by the field selection that suits the server's version, and notices by the answer where that has changed.
import type { Log } from '../../service/log.ts';
import { isWholeItem, keyOf } from '../argocd/application.ts';
import type { ListedApp } from '../argocd/application.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { selectionFor } from '../argocd/fields.ts';
import type { ListSelection } from '../argocd/fields.ts';

export interface Listing {
  /** @throws ArgoCdError as `ArgoCd.list` does */
  list(): Promise<readonly ListedApp[]>;
  /** To be told each version that the server gives; before the first one, lists are such as every version knows. */
  server(version: string): void;
}

/** Why such a list is no sign that all is well, and what becomes of it. */
export function partlyTold(apps: readonly ListedApp[], server: string): string {
  const [first] = apps;
  const name = first === undefined ? '' : ` (${keyOf(first)}${apps.length > 1 ? ' …' : ''})`;
  return `the list of ${server} lacks the projects or the sources of ${apps.length} applications${name}, which are asked for one by one. Look whether something in between changes its answers`;
}

export function createListing({
  argocd,
  log,
}: {
  readonly argocd: Pick<ArgoCd, 'list' | 'server'>;
  readonly log: Pick<Log, 'warn'>;
}): Listing {
  let version: string | undefined;
  let selection: ListSelection = 'spec';
  return {
    list: async () => {
      const asked = selection;
      const apps = await argocd.list(asked);
      if (asked === 'spec' || apps.every(isWholeItem)) return apps;
      // An older server behind the same address: it has been downgraded, or one of several has not been upgraded yet.
      selection = 'spec';
      log.warn(
        { server: argocd.server },
        `the list of Argo CD at ${argocd.server} lacks projects and sources, which its version ${version ?? ''} tells; is another version of it running there as well? From now on whole specifications are asked for`,
      );
      return argocd.list('spec');
    },
    server: (told) => {
      // What a server of this version has left out once, it would leave out again.
      if (told === version) return;
      version = told;
      selection = selectionFor(told);
    },
  };
}
