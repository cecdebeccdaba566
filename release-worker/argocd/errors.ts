// What Argo CD refuses, as typed errors. Its answers share status codes, so messages tell them apart;
// the words are those recorded from Argo CD 3.6 (`test/argocd-recordings`).

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

export class ArgoCdError extends Error {
  override readonly name = 'ArgoCdError';
  readonly kind: ArgoCdErrorKind;
  /** HTTP status, where there was an answer */
  readonly status: number | undefined;

  constructor(options: { kind: ArgoCdErrorKind; message: string; status?: number }) {
    super(options.message);
    this.kind = options.kind;
    this.status = options.status;
  }
}

export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string;
  /** bounded by the caller */
  readonly body: string;
}

/** Most of a message that is shown to a person, in characters. */
const messageLength = 300;

/**
 * @param what the request in words, such as `list the applications`
 * @param server the base URL
 */
export function errorFromAnswer(what: string, server: string, answer: ErrorAnswer): ArgoCdError {
  const { status } = answer;
  const said = messageIn(answer);
  const quoted = said === undefined ? '' : `: ${said}`;
  const make = (kind: ArgoCdErrorKind, message: string) => new ArgoCdError({ kind, message, status });

  if (status >= 300 && status < 400)
    return make(
      'not-argocd',
      `${server} answers with a redirect (HTTP ${status}). Set argocd.server to the address it redirects to, most often https:// instead of http://`,
    );
  // The code says which gRPC status it was; gateways in between answer without one.
  if (status === 401)
    return make(
      'unauthenticated',
      `Argo CD at ${server} does not accept the token${quoted}. Make a new one (argocd account generate-token --account <name>) and set ARGOCD_AUTH_TOKEN or ARGOCD_AUTH_TOKEN_FILE`,
    );
  if (status === 403) {
    if (said?.includes('blocked by sync window') === true)
      return make('blocked-by-window', `a sync window of Argo CD does not allow it now${quoted}`);
    if (said?.startsWith('permission denied: ') === true)
      return make(
        'not-permitted',
        `the account of the token may not ${what}${quoted}. Its RBAC policy needs the permission`,
      );
    return make(
      'forbidden-or-missing',
      `could not ${what} at ${server} (HTTP 403${quoted}): forbidden, missing, or Kubernetes cannot be reached just now`,
    );
  }
  if (status === 404 || status === 405 || status === 415)
    return said === undefined
      ? make(
          'not-argocd',
          `${server} does not answer like Argo CD (HTTP ${status}). Check argocd.server, and its path where Argo CD runs below one (--rootpath)`,
        )
      : make('not-found', `could not ${what} at ${server}${quoted}`);
  if (status === 408) return make('unsure', `Argo CD at ${server} broke off (HTTP 408${quoted})`);
  if (status === 400 && said !== undefined) return make(kindOf400(said), `could not ${what}: ${said}`);
  if (status === 429 || status === 503)
    return make('unavailable', `Argo CD at ${server} cannot answer now (HTTP ${status}${quoted})`);
  if (status >= 500)
    return make('unsure', `could not ${what}: Argo CD at ${server} failed (HTTP ${status}${quoted})`);
  return make('invalid', `could not ${what} at ${server} (HTTP ${status}${quoted})`);
}

function kindOf400(message: string): ArgoCdErrorKind {
  if (message.includes('another operation is already in progress')) return 'in-progress';
  if (message.includes('auto-sync currently set to')) return 'automated-refuses-revision';
  if (message.includes('code = Unavailable')) return 'repository-server-down';
  if (message.includes('error resolving repo revision')) return 'unresolvable-revision';
  if (message.includes('application is deleting')) return 'deleting';
  return 'invalid';
}

/** The server's own words, out of `{"message"}` (unary), `{"error":{"message"}}` (stream), or nothing. */
function messageIn({ contentType, body }: ErrorAnswer): string | undefined {
  const text = contentType.startsWith('text/event-stream') ? body.replace(/^data: /, '') : body;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const direct = member(parsed, 'message') ?? member(member(parsed, 'error'), 'message');
  if (typeof direct !== 'string' || direct === '') return undefined;
  return direct.length > messageLength ? `${direct.slice(0, messageLength)}…` : direct;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** Errors of the network that come before a request can have been sent. */
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_INVALID_URL',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'EPROTO',
]);
const connectPhases = new Set(['lookup', 'connect', 'secureConnect', 'socket']);

/**
 * @param failure.phase the phase that timed out, in got's names
 */
export function errorFromFailure(
  what: string,
  server: string,
  failure: { readonly code: string; readonly message: string; readonly phase?: string },
): ArgoCdError {
  const { code, message, phase } = failure;
  const sent = !(notSent.has(code) || (phase !== undefined && connectPhases.has(phase)));
  const detail = `could not ${what} at ${server} (${code === '' ? message : `${code}: ${message}`})`;
  return new ArgoCdError({ kind: sent ? 'unsure' : 'unreachable', message: `${detail}${remedyFor(code)}` });
}

function remedyFor(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return '. The name cannot be resolved: check argocd.server (ARGOCD_SERVER) and the DNS of this machine';
  if (code === 'ECONNREFUSED')
    return '. Nothing listens there: check the port in argocd.server (ARGOCD_SERVER), and whether Argo CD runs';
  if (code === 'EPROTO')
    return '. That port does not speak TLS: argocd.server may need http:// instead of https://';
  if (/CERT|SELF_SIGNED|VERIFY|ISSUER/.test(code))
    return '. The certificate is not trusted: set argocd.caFile to the file of the CA that signed it (or argocd.insecure: true to trust any)';
  if (code.includes('TIMEDOUT'))
    return '. No answer in time: is the server overloaded, or a firewall in between?';
  return '';
}
