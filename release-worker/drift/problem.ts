// The problem of Argo CD, as retained messages, the log and the health check report it.
import type { HealthCheck } from '../../service/health.ts';
import type { Log } from '../../service/log.ts';

export interface Problem {
  /** The problem and its remedy */
  now(): string | undefined;
  /** @param always report it even if another problem was reported before */
  set(next: string | undefined, always?: boolean): void;
}

export function createProblem(options: {
  readonly health: HealthCheck;
  readonly log: Log;
  readonly server: string;
  /** Empty while it is not known */
  readonly version: () => string;
  readonly onChange: () => void;
}): Problem {
  const { health, log, server, version, onChange } = options;
  let problem: string | undefined;
  /** The last problem that was found, whether or not it is reported */
  let found: string | undefined;

  return {
    now: () => problem,
    set: (next, always = false) => {
      if (next === undefined) health.ok(`connected to Argo CD ${version()} at ${server}`);
      else health.bad(next);
      const again = next === found;
      found = next;
      // It is part of retained messages. If each attempt fails in another way, the first problem is enough.
      if (next === problem || (next !== undefined && problem !== undefined && !again && !always)) return;
      problem = next;
      if (next === undefined) log.info({ server }, `Argo CD at ${server} answers`);
      else log.warn(next);
      onChange();
    },
  };
}
