// Health as the sum of named checks. `/healthz` shows the report.
import type { Clock } from './clock.ts';
import { toTime } from '../messages/time.ts';

/** What a bad check means: `failing`: the process cannot do its work; `degraded`: it still can. */
export type Severity = 'failing' | 'degraded';

export interface HealthCheck {
  ok(message?: string): void;
  /** @param message what is wrong and what a person can do */
  bad(message: string): void;
}

export interface HealthReport {
  readonly status: 'ok' | Severity;
  readonly checks: Readonly<Record<string, { ok: boolean; since: string; message: string }>>;
}

export interface Health {
  /** Adds a check. It is bad (`not started yet`) until its first report. */
  check(name: string, severity: Severity): HealthCheck;
  report(): HealthReport;
  /** Calls the listener after a check has changed its state or message. The returned function removes the listener. */
  onChange(listener: () => void): () => void;
}

export function createHealth(clock: Clock): Health {
  const checks = new Map<string, { ok: boolean; since: string; message: string; severity: Severity }>();
  const listeners = new Set<() => void>();

  return {
    check: (name, severity) => {
      const set = (ok: boolean, message: string) => {
        const before = checks.get(name);
        const since = before !== undefined && before.ok === ok ? before.since : toTime(clock.now());
        checks.set(name, { ok, since, message, severity });
        if (before?.ok !== ok || before.message !== message) for (const listener of listeners) listener();
      };
      set(false, 'not started yet');
      return { ok: (message = 'ok') => set(true, message), bad: (message) => set(false, message) };
    },
    report: () => {
      const bad = [...checks.values()].filter((check) => !check.ok);
      const status =
        bad.length === 0 ? 'ok' : bad.some((check) => check.severity === 'failing') ? 'failing' : 'degraded';
      return {
        status,
        checks: Object.fromEntries(
          [...checks].map(([name, { ok, since, message }]) => [name, { ok, since, message }]),
        ),
      };
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
