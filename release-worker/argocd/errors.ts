// A call of Argo CD that failed, as a typed error.

export type ArgoCdErrorKind =
  /** no token, or one that is expired, revoked or wrong */
  | 'unauthenticated'
  /** 403: forbidden, missing, in another namespace, or Kubernetes is down. Never taken as final. */
  | 'forbidden-or-missing'
  /** the account lacks the permission for this very action */
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
  /** no answer: it was not reached, and a request has certainly had no effect */
  | 'unreachable'
  /** the request may or may not have been carried out */
  | 'unsure'
  | 'not-argocd';

/** Carries no cause: the errors of the HTTP client hold the request, and with it the token. */
export class ArgoCdError extends Error {
  override readonly name = 'ArgoCdError';
  readonly kind: ArgoCdErrorKind;
  /** HTTP status, where there was an answer */
  readonly status: number | undefined;
  /** the message without the remedy */
  readonly found: string;
  /** what a person can do, where that is known */
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

/** The error with another kind, where `kinds` has one for its own. All other errors stay as they are. */
export function withKind(error: unknown, kinds: Partial<Record<ArgoCdErrorKind, ArgoCdErrorKind>>): unknown {
  if (!(error instanceof ArgoCdError)) return error;
  const { found: message, remedy, status } = error;
  const kind = kinds[error.kind];
  return kind === undefined ? error : new ArgoCdError({ kind, message, remedy, status });
}

/** Whom we ask, for messages. */
export interface Asking {
  /** the base URL */
  readonly server: string;
  /** what a person does about a token that is not accepted */
  readonly remedy: string;
  /** host and port of the proxy that requests go through */
  readonly proxy?: string;
  /** takes our secrets out of words that the server may have repeated them in */
  readonly redact: (text: string) => string;
}
