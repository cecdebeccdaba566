// What Argo CD refuses, as typed errors. Its answers share status codes, so messages tell them apart;
import { shortened } from '../../messages/shortened.ts';
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
  constructor(options: { kind: ArgoCdErrorKind; message: string; remedy?: string; status?: number }) {
    const { message, remedy = '' } = options;
    super(remedy === '' ? message : `${message}. ${remedy}`);
    this.kind = options.kind;
    this.status = options.status;
    this.found = message;
    this.remedy = remedy === '' ? undefined : remedy;
  }
}

export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string;
  /** of a redirect */
  readonly location?: string | undefined;
  /** bounded by the caller */
  readonly body: string;
}

/** Most of a message that is shown to a person, in characters. */
const messageLength = 300;

/** Whom we ask, for messages. */
export interface Asking {
  /** the base URL */
  readonly server: string;
  /** what a person does about a token that is not accepted */
  readonly remedy: string;
  /** host and port of the proxy that requests go through */
  readonly proxy?: string;
  /** takes our secrets out of words that the server may have repeated them in */
  readonly hide: (text: string) => string;
}

/** @param said by Argo CD, with a colon before it */
export function tokenRefused({ server, remedy }: Pick<Asking, 'server' | 'remedy'>, said = ''): ArgoCdError {
  return new ArgoCdError({
    kind: 'unauthenticated',
    message: `Argo CD at ${server} does not accept the token${said === '' ? ': it is wrong, expired or revoked' : said}`,
    remedy,
  });
}

/** @param what the request in words, such as `list the applications` */
export function errorFromAnswer(what: string, asking: Asking, answer: ErrorAnswer): ArgoCdError {
  const { server, remedy, proxy } = asking;
  const { status } = answer;
  const said = wordsIn(answer);
  const quoted = said === undefined ? '' : `: ${inOneLine(asking.hide(said.message))}`;
  const make = (kind: ArgoCdErrorKind, message: string, whatToDo = '') =>
    new ArgoCdError({ kind, message, remedy: whatToDo, status });

  if (status >= 300 && status < 400) {
    const { found, whatToDo } = redirected(server, answer);
    return make('not-argocd', found, whatToDo);
  }
  if (status === 401) {
    if (said === undefined && !isApi(answer))
      return make(
        'unauthenticated',
        `what answers at ${server} asks for a login in its own words (HTTP 401), not in Argo CD's: a proxy in front of Argo CD has to let requests with a token of Argo CD through`,
      );
    if (remedy === '')
      return make('unauthenticated', `could not ${what}: Argo CD at ${server} refuses${quoted}`);
    return make('unauthenticated', tokenRefused(asking, quoted).found, remedy);
  }
  if (status === 407)
    return make(
      'unreachable',
      `could not ${what}: the proxy ${proxy ?? 'in between'} wants a login (HTTP 407)`,
      'Put user:password@ before its host in HTTP_PROXY (or ALL_PROXY), or the host of Argo CD into NO_PROXY',
    );
  if (status === 403) {
    if (said?.message.includes('blocked by sync window') === true)
      return make('blocked-by-window', `a sync window of Argo CD does not allow it now${quoted}`);
    if (said?.message.startsWith('permission denied: ') === true)
      return make(
        'not-permitted',
        `the account of the token may not ${what}${quoted}`,
        'Its RBAC policy needs the permission',
      );
    return make(
      'forbidden-or-missing',
      `could not ${what} at ${server} (HTTP 403${quoted}): forbidden, missing, or Kubernetes cannot be reached just now`,
    );
  }
  if (status === 408) return make('unsure', `could not ${what}: ${server} broke off (HTTP 408${quoted})`);
  if (status === 429 || status === 503)
    return make(
      'unavailable',
      `could not ${what}: Argo CD at ${server} cannot answer now (HTTP ${status}${quoted})`,
    );
  if (status >= 500)
    return make('unsure', `could not ${what}: Argo CD at ${server} failed (HTTP ${status}${quoted})`);
  if (status === 415)
    return make(
      'invalid',
      `could not ${what}: ${server} does not take the request's Content-Type (HTTP 415)`,
      'Argo CD wants exactly application/json; does a proxy in between change it?',
    );
  // What remains is Argo CD's only with its own words and code: other servers and gateways have these codes too.
  if (said?.code === undefined && !isEventStream(answer.contentType)) return notArgoCd(what, asking, answer);
  if (status === 404) return make('not-found', `could not ${what} at ${server}${quoted}`);
  if (status === 400 && said !== undefined)
    return make(kindOf400(said.message), `could not ${what}${quoted}`);
  return make('invalid', `could not ${what} at ${server} (HTTP ${status}${quoted})`);
}

/** @param answer what came instead; `detail` says what is wrong with it */
export function notArgoCd(
  what: string,
  { server, hide }: Pick<Asking, 'server' | 'hide'>,
  answer: { readonly status: number; readonly contentType: string; readonly detail?: string },
  kind: ArgoCdErrorKind = 'not-argocd',
): ArgoCdError {
  const { status, contentType, detail } = answer;
  const got = detail ?? (contentType === '' ? 'no content type' : contentType);
  return new ArgoCdError({
    kind,
    status,
    message: `could not ${what}: what ${server} answers (HTTP ${status}, ${inOneLine(hide(got))}) is not Argo CD's`,
    remedy:
      'Check argocd.server (ARGOCD_SERVER): https:// instead of http://, the port, and the path where Argo CD runs below one (--rootpath)',
  });
}

/** @param other what the answer is about instead */
export function aboutAnother(
  what: string,
  { server, hide }: Pick<Asking, 'server' | 'hide'>,
  other: string,
  about: { readonly kind: ArgoCdErrorKind; readonly status: number },
): ArgoCdError {
  return new ArgoCdError({
    ...about,
    message: `could not ${what}: ${server} answers about ${inOneLine(hide(other))} instead`,
    remedy: 'Look for a cache or a proxy in between that mixes up answers',
  });
}

function redirected(
  server: string,
  { status, location }: ErrorAnswer,
): { readonly found: string; readonly whatToDo: string } {
  // Not the whole address: that of a login page carries its secrets in the query.
  const to =
    location !== undefined && URL.canParse(location, server) ? new URL(location, server).origin : undefined;
  return {
    found: `${server} answers with a redirect (HTTP ${status}${to === undefined ? '' : ` to ${to}`})`,
    whatToDo: `If that is Argo CD, most often https:// instead of http://, set argocd.server (ARGOCD_SERVER) to it; if it is a login page, the proxy in front of Argo CD has to let requests with a token of Argo CD through`,
  };
}

function kindOf400(message: string): ArgoCdErrorKind {
  if (message.includes('another operation is already in progress')) return 'in-progress';
  if (message.includes('auto-sync currently set to')) return 'automated-refuses-revision';
  if (message.includes('code = Unavailable')) return 'repository-server-down';
  if (message.includes('error resolving repo revision')) return 'unresolvable-revision';
  if (message.includes('application is deleting')) return 'deleting';
  return 'invalid';
}

export function isEventStream(contentType: string | undefined): boolean {
  return contentType?.startsWith('text/event-stream') === true;
}

/** Argo CD's API answers so, its refusals included, apart from unknown paths and methods. */
function isApi({ contentType }: ErrorAnswer): boolean {
  return contentType.startsWith('application/json') || isEventStream(contentType);
}

/** The server's own words: `{"message","code"}` (unary), `{"error":{"message","grpc_code"}}` (stream), or nothing. */
function wordsIn({
  contentType,
  body,
}: ErrorAnswer): { message: string; code: number | undefined } | undefined {
  const text = isEventStream(contentType) ? body.replace(/^data: /, '') : body;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const streamed = member(parsed, 'error');
  const message = member(parsed, 'message') ?? member(streamed, 'message');
  const code = member(parsed, 'code') ?? member(streamed, 'grpc_code');
  if (typeof message !== 'string' || message.trim() === '') return undefined;
  return { message, code: typeof code === 'number' ? code : undefined };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** On one line, and not longer than a person reads. */
function inOneLine(message: string): string {
  return shortened(message.trim().replaceAll(/\s+/g, ' '), messageLength);
}

export interface Failure {
  /** Node's or got's error code; empty where there is none */
  readonly code: string;
  readonly message: string;
  /** whether the connection stood, so that the request may have arrived */
  readonly sent: boolean;
  /** whether it was the proxy that was not reached, or did not connect us */
  readonly byProxy?: boolean;
  /** whether the request would change something in Argo CD */
  readonly changes: boolean;
}

/** A request without an answer that can be read. */
export function errorFromFailure(
  what: string,
  { server, proxy }: Pick<Asking, 'server' | 'proxy'>,
  failure: Failure,
): ArgoCdError {
  const { code, sent, changes } = failure;
  const message = inOneLine(failure.message);
  const named = code === '' || message.includes(code) ? message : `${code}: ${message}`;
  const detail = message === '' ? code : named;
  const kind = !sent ? 'unreachable' : code.startsWith('HPE_') && !changes ? 'not-argocd' : 'unsure';
  return new ArgoCdError({
    kind,
    message:
      failure.byProxy === true
        ? `could not ${what} at ${server}: the proxy ${proxy ?? ''} does not connect (${detail})`
        : `could not ${what} at ${server}${proxy === undefined ? '' : ` through the proxy ${proxy}`} (${detail})`,
    remedy:
      failure.byProxy === true
        ? 'Check HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or name the host of Argo CD in NO_PROXY'
        : remedyFor(code, sent, server),
  });
}

function remedyFor(code: string, sent: boolean, server: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'The name cannot be resolved: check argocd.server (ARGOCD_SERVER) and the DNS of this machine';
  if (code === 'ECONNREFUSED')
    return 'Nothing listens there: check the port in argocd.server (ARGOCD_SERVER), and whether Argo CD runs';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return 'No TLS connection comes about: check the port in argocd.server. Only where Argo CD is meant to speak without encryption, write http:// instead of https://, which sends the token in the clear';
  if (code.startsWith('HPE_'))
    return 'What answers there does not speak HTTP: check the port in argocd.server (ARGOCD_SERVER), and whether it needs https://';
  // A port with TLS hangs up on a request that is not encrypted.
  if (code === 'ECONNRESET' && server.startsWith('http:'))
    return 'The connection was closed without an answer: if that port is encrypted, write https:// instead of http:// in argocd.server (ARGOCD_SERVER)';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'The certificate is for other names: use one of them in argocd.server, or have a certificate made for this one';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'Renew the certificate; if it is not out of date, the clock of this machine is wrong';
  if (/CERT|SELF_SIGNED|VERIFY|ISSUER/.test(code))
    return 'The certificate is not trusted: set argocd.caFile to the file of the CA that signed it';
  if (code === 'ERR_INVALID_CHAR')
    return 'The token has a character that cannot be sent: copy it again into ARGOCD_AUTH_TOKEN, as one line';
  if (code.includes('TIMEDOUT'))
    return sent
      ? 'No answer in time: is the server overloaded, or the limit too short (argocd.requestTimeoutMs; for refreshes worker.release.refreshTimeoutMs)?'
      : 'No connection in time: check host and port in argocd.server (ARGOCD_SERVER), and firewalls in between';
  return '';
}
