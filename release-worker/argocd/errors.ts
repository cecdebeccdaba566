// A failed call of Argo CD as a typed error.

export type ArgoCdErrorKind =
  /** no token, or a token that is expired, revoked or wrong */
  | 'unauthenticated'
  /** 403: forbidden, missing, in another namespace, or Kubernetes is down. Never treated as final. */
  | 'forbidden-or-missing'
  /** the account lacks the permission for this action */
  | 'not-permitted'
  | 'not-found'
  | 'in-progress'
  | 'blocked-by-window'
  | 'automated-refuses-revision'
  | 'unresolvable-revision'
  | 'repository-server-down'
  | 'deleting'
  | 'invalid'
  /** the server says that it cannot answer now */
  | 'unavailable'
  /** the server was not reached, so the request certainly had no effect */
  | 'unreachable'
  /** the request may or may not have had an effect */
  | 'unsure'
  | 'not-argocd';

/** Has no cause: the errors of the HTTP client contain the request, and with it the token. */
export class ArgoCdError extends Error {
  override readonly name = 'ArgoCdError';
  readonly kind: ArgoCdErrorKind;
  /** HTTP status, if there was an answer */
  readonly status: number | undefined;
  /** the message without the remedy */
  readonly found: string;
  /** what a person can do, if known */
  readonly remedy: string | undefined;

  /** @param options.remedy follows the message as a sentence of its own */
  constructor(options: {
    readonly kind: ArgoCdErrorKind;
    readonly message: string;
    readonly remedy?: string | undefined;
    readonly status?: number | undefined;
  }) {
    const { kind, message, remedy = '', status } = options;
    super(remedy === '' ? message : `${message}. ${remedy}`);
    this.kind = kind;
    this.status = status;
    this.found = message;
    this.remedy = remedy === '' ? undefined : remedy;
  }
}

/** Replaces the kind of an ArgoCdError as `kinds` says. All other errors are returned unchanged. */
export function withKind(error: unknown, kinds: Partial<Record<ArgoCdErrorKind, ArgoCdErrorKind>>): unknown {
  if (!(error instanceof ArgoCdError)) return error;
  const { found: message, remedy, status } = error;
  const kind = kinds[error.kind];
  return kind === undefined ? error : new ArgoCdError({ kind, message, remedy, status });
}

/** The server that is asked, for messages. */
export interface Asking {
  /** the base URL */
  readonly server: string;
  /** what a person can do about a token that Argo CD refuses */
  readonly remedy: string;
  /** host and port of the proxy, if requests use one */
  readonly proxy?: string;
  /** removes our secrets from texts of the server, which may repeat them */
  readonly redact: (text: string) => string;
}
