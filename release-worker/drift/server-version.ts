// Warns of a version of Argo CD that is too old, and of a list that lacks members that every supported version sends.
import type { HealthCheck } from '../../service/health.ts';
import type { Log } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ListedApp } from '../argocd/application.ts';
import { tooOld } from '../argocd/version.ts';

/** The error for a list that lacks the specification of these applications: what the worker does, and what to check. */
export function incompleteInWords(apps: readonly ListedApp[], server: string): string {
  const [first] = apps;
  const name = first === undefined ? '' : ` (${keyOf(first)}${apps.length > 1 ? ' …' : ''})`;
  return `the list of ${server} lacks the specification of ${apps.length} applications${name}. The worker asks for them one by one. Check whether a proxy in between changes the answers`;
}

/** @returns a function to call with each version that the server reports */
export function createServerVersion(options: {
  readonly server: string;
  readonly log: Pick<Log, 'warn'>;
  readonly health: HealthCheck;
}): (version: string) => void {
  const { server, log, health } = options;
  let reported: string | undefined;
  health.ok('not asked yet');
  return (version) => {
    if (version === reported) return;
    reported = version;
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
