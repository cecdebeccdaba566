// Tells people what the version of Argo CD means, or a list that lacks members of every supported version.
import type { HealthCheck } from '../../service/health.ts';
import type { Log } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ListedApp } from '../argocd/application.ts';
import { tooOld } from '../argocd/version.ts';

/** Why such a list does not prove that all is well, and what happens to it. */
export function partlyTold(apps: readonly ListedApp[], server: string): string {
  const [first] = apps;
  const name = first === undefined ? '' : ` (${keyOf(first)}${apps.length > 1 ? ' …' : ''})`;
  return `the list of ${server} lacks the specification of ${apps.length} applications${name}, which are asked for one by one. Look whether something in between changes its answers`;
}

/** @returns a function to call with each version that the server reports */
export function createServerVersion(options: {
  readonly server: string;
  readonly log: Pick<Log, 'warn'>;
  readonly health: HealthCheck;
}): (version: string) => void {
  const { server, log, health } = options;
  let said: string | undefined;
  health.ok('not asked yet');
  return (version) => {
    if (version === said) return;
    said = version;
    const problem = tooOld(version, server);
    if (problem === undefined) {
      health.ok(version);
      return;
    }
    const text = `${problem.found}; ${problem.remedy}`;
    health.bad(text);
    log.warn({ server, version }, text);
  };
}
