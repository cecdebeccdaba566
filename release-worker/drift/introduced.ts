// Lists of an Argo CD that has introduced itself: who it is, and that it accepts the token, is asked before a list, and
// again whenever another may answer.
import type { HealthCheck } from '../../service/health.ts';
import type { Log } from '../../service/log.ts';
import type { ListedApp } from '../argocd/application.ts';
import type { ArgoCd, Version } from '../argocd/client.ts';
import { tokenRefused } from '../argocd/refusals.ts';
import { createServerVersion } from './server-version.ts';

export interface Introduced {
  /** @throws ArgoCdError */
  list(): Promise<readonly ListedApp[]>;
  /** as it was told last */
  server(): Version | undefined;
  /** Another version may answer next. */
  anew(): void;
  /** The list has failed: whoever answers next may be another Argo CD, or take the token no longer. */
  failed(): void;
}

export function createIntroduced(options: {
  readonly argocd: ArgoCd;
  readonly log: Log;
  readonly health: HealthCheck;
}): Introduced {
  const { argocd, log, health } = options;
  const sayVersion = createServerVersion({ server: argocd.server, log, health });
  let server: Version | undefined;
  let isKnown = false;
  let hasFailed = false;

  const introduce = async () => {
    server = await argocd.version();
    sayVersion(server.version);
    if ((await argocd.account()) === undefined) throw tokenRefused(argocd);
    isKnown = true;
  };
  return {
    list: async () => {
      // At first together, as each costs a way there and back. Of two refusals that of the token is the plainer one.
      const together = isKnown || !hasFailed ? argocd.list() : undefined;
      together?.catch(() => {});
      if (!isKnown) await introduce();
      return together ?? argocd.list();
    },
    server: () => server,
    anew: () => {
      isKnown = false;
    },
    failed: () => {
      isKnown = false;
      hasFailed = true;
    },
  };
}
