// What is wrong with Argo CD, as it is said in retained messages, in the log and by the health check.
import type { HealthCheck } from '../../service/health.ts';
import type { Log } from '../../service/log.ts';

export interface Problem {
  /** what is said to be wrong, with the remedy */
  now(): string | undefined;
  /** @param always said also where something else was wrong before */
  set(next: string | undefined, always?: boolean): void;
}

export function createProblem(options: {
  readonly health: HealthCheck;
  readonly log: Log;
  readonly server: string;
  /** empty while it is not known */
  readonly version: () => string;
  readonly onChange: () => void;
}): Problem {
  const { health, log, server, version, onChange } = options;
  let problem: string | undefined;
  /** what was found to be wrong last, whether or not it is said */
  let found: string | undefined;

  return {
    now: () => problem,
    set: (next, always = false) => {
      if (next === undefined) health.ok(`connected to Argo CD ${version()} at ${server}`);
      else health.bad(next);
      const again = next === found;
      found = next;
      // It stands in retained messages: where each try fails in another way, the first one says enough.
      if (next === problem || (next !== undefined && problem !== undefined && !again && !always)) return;
      problem = next;
      if (next === undefined) log.info({ server }, `Argo CD at ${server} answers`);
      else log.warn(next);
      onChange();
    },
  };
}
