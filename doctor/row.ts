// The result of one check: a row of the table, and a member of `checks` in the JSON.

export const checkNames = [
  'configuration',
  'broker',
  'process',
  'freeze',
  'argocd',
  'account',
  'applications',
  'control-plane',
  'button',
  'release',
  'clock',
  'state',
] as const;
export type CheckName = (typeof checkNames)[number];

/**
 * `warning`: it works, but perhaps not for long or not as intended. `skipped`: not checked, because of a fault in another row or
 * because there is nothing to check. Neither makes the command fail.
 */
export type Status = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Row {
  readonly check: CheckName;
  /** What was checked, if the check has several rows: `main`, `worker main` */
  readonly subject?: string;
  readonly status: Status;
  /** The result in words, for people */
  readonly found: string;
  /** What to do; every `failed` and `warning` has one */
  readonly remedy?: string;
  /** The result for programs. The members depend on the check and are documented in docs/doctor-json.md */
  readonly details?: Readonly<Record<string, unknown>>;
}

type About = Pick<Row, 'check' | 'subject'>;
type Details = Readonly<Record<string, unknown>>;

export function ok(about: About, found: string, details?: Details): Row {
  return { ...about, status: 'ok', found, ...(details === undefined ? {} : { details }) };
}

export function warning(about: About, found: string, remedy: string, details?: Details): Row {
  return { ...about, status: 'warning', found, remedy, ...(details === undefined ? {} : { details }) };
}

export function failed(about: About, found: string, remedy: string, details?: Details): Row {
  return { ...about, status: 'failed', found, remedy, ...(details === undefined ? {} : { details }) };
}

export function skipped(about: About, found: string): Row {
  return { ...about, status: 'skipped', found };
}

/** `a, b, c and 7 more` */
export function some(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
