// Lists applications after Argo CD has introduced itself: its version and whether it accepts the token are asked before a
// list, and again whenever another server may answer.
import type { HealthCheck } from '../../service/health.ts';
import type { Log } from '../../service/log.ts';
import type { ListedApp } from '../argocd/application.ts';
import type { ArgoCd, Version } from '../argocd/client.ts';
import { tokenRefused } from '../argocd/refusals.ts';
import { createServerVersion } from './server-version.ts';

export interface Introduced {
  /** @throws ArgoCdError */
  list(): Promise<readonly ListedApp[]>;
  /** Its last answer */
  server(): Version | undefined;
  /** Another version may answer next. */
  anew(): void;
  /** The list has failed. The next answer may come from another Argo CD, or one that refuses the token. */
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
      // Both at the same time, because each costs a round trip. If both are refused, the error about the token is clearer.
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
