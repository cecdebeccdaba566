// The problems of a configuration, reported all at once. They never show a secret.
import { shortened } from '../../messages/shortened.ts';
import { editDistance } from '../../messages/nearest.ts';

export interface Problem {
  /** The full path of the setting (`worker.buttons[0].select`), the variable, or the file itself. */
  readonly key: string;
  /** File and line, variable or flag. */
  readonly origin: string;
  /** The value as given, but shortened. Masked if it is secret, absent if it might be secret. */
  readonly value?: string;
  readonly message: string;
  readonly remedy: string;
  /** Lines of the file that show the place. */
  readonly excerpt?: readonly string[];
}

/** The configuration is invalid; `message` lists every problem. The exit code is 2. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(listing(problems));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function listing(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const entries = problems.map(({ key, origin, value, message, remedy, excerpt = [] }, index) => {
    const given = value === undefined ? '' : ` = ${value}`;
    const lines = excerpt.map((line) => `\n       ${line}`).join('');
    return `  ${index + 1}. ${key}${given}  (${origin})\n     ${message}${lines}\n     -> ${remedy}`;
  });
  return [`The configuration has ${count}:`, ...entries].join('\n\n');
}

export const mask = '********';

const longestShown = 120;

/** A value for a message or a listing: one line, shortened, without the credentials of a URL. */
export function show(value: unknown): string {
  const plain = typeof value === 'string' ? JSON.stringify(redact(value)) : JSON.stringify(redactDeep(value));
  const text = plain ?? String(value);
  return shortened(text, longestShown);
}

/** Turns `scheme://user:password@host?token=x` into `scheme://********@host?********`. */
export function redact(text: string): string {
  const credentials = /:.*@/s.test(text)
    ? text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, `$1${mask}@`)
    : text;
  return credentials.includes('://') ? credentials.replace(/([?#]).*$/s, `$1${mask}`) : credentials;
}

function redactDeep(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactDeep(inner)]));
}

/** Whether an unknown key may be the misspelt name of a secret, so that its value must not be shown. */
export function resemblesSecret(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_]|file$/g, '');
  return (
    /pass|pwd|word|tok|secret|cred|key|auth|bearer|jwt|hmac/.test(plain) ||
    ['token', 'password', 'authtoken', 'secret'].some((secret) => editDistance(plain, secret) <= 3)
  );
}

/** Turns `['worker', 'buttons', 0, 'id']` into `worker.buttons[0].id`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('');
}
