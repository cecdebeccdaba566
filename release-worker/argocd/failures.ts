// A request without a readable answer as an error that says whether the request may have had an effect, and what to do.
import { RequestError } from 'got';
import type { Connections } from './connections.ts';
import { ArgoCdError, type Asking } from './errors.ts';
import { proxyBusy } from './proxy.ts';
import { inOneLine } from './refusals.ts';

export interface Failure {
  /** Node's or got's error code; empty: none */
  readonly code: string;
  readonly message: string;
  /** whether the connection was open, so that the request may have arrived */
  readonly sent: boolean;
  /** whether the proxy was not reached, or refused to connect to the server */
  readonly byProxy?: boolean;
  /** whether the request changes something in Argo CD */
  readonly changes: boolean;
}

/** @param thrown by got */
export function errorOf(
  what: string,
  asking: Asking,
  connections: Pick<Connections, 'wasOpen' | 'byProxy'>,
  thrown: unknown,
  about: {
    readonly changes: boolean;
    /** the request was ready to be sent, and nothing held it back */
    readonly isSent: boolean;
    /** which limit was exceeded, in words; undefined: none */
    readonly timeout?: string | undefined;
  },
): ArgoCdError {
  const { changes, isSent, timeout } = about;
  const error = thrown instanceof RequestError ? thrown : undefined;
  // got wraps what its hooks throw.
  if (error?.cause instanceof ArgoCdError) return error.cause;
  return errorFromFailure(what, asking, {
    code: timeout === undefined ? codeOf(error) : 'ETIMEDOUT',
    message: timeout ?? (thrown instanceof Error ? thrown.message : String(thrown)),
    sent: isSent && (error === undefined || connections.wasOpen(error)),
    byProxy: error !== undefined && timeout === undefined && connections.byProxy(error),
    changes,
  });
}

/** Returns an empty text for codes that mean nothing to a person. The code of a DOMException is a number. */
function codeOf(error: RequestError | undefined): string {
  const code: unknown = error?.code;
  return typeof code === 'string' && code !== 'ERR_GOT_REQUEST_ERROR' && code !== proxyBusy ? code : '';
}

export function errorFromFailure(
  what: string,
  { server, proxy }: Pick<Asking, 'server' | 'proxy'>,
  failure: Failure,
): ArgoCdError {
  const { code, sent, changes, byProxy = false } = failure;
  const message = inOneLine(failure.message);
  const isNamed = code === '' || message.includes(code);
  const detail = message === '' ? code : isNamed ? message : `${code}: ${message}`;
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  return new ArgoCdError({
    kind: !sent ? 'unreachable' : code.startsWith('HPE_') && !changes ? 'not-argocd' : 'unsure',
    message: byProxy
      ? `could not ${what} at ${server}: the proxy ${proxy ?? ''} did not connect (${detail})`
      : `could not ${what} at ${server}${through} (${detail})`,
    remedy: byProxy
      ? 'Check HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or name the host of Argo CD in NO_PROXY'
      : remedyFor(code, sent, server),
  });
}

function remedyFor(code: string, sent: boolean, server: string): string | undefined {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'The name cannot be resolved: check argocd.server (ARGOCD_SERVER) and the DNS of this machine';
  if (code === 'ECONNREFUSED')
    return 'Nothing listens there: check the port in argocd.server (ARGOCD_SERVER), and whether Argo CD runs';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return 'No TLS connection could be made: check the port in argocd.server. Only if Argo CD is meant to run without encryption, write http:// instead of https://, which sends the token unencrypted';
  if (code.startsWith('HPE_'))
    return 'The server does not speak HTTP: check the port in argocd.server (ARGOCD_SERVER), and whether it needs https://';
  // A TLS port closes the connection after an unencrypted request.
  if (code === 'ECONNRESET' && server.startsWith('http:'))
    return 'The connection was closed without an answer: if the port uses TLS, write https:// instead of http:// in argocd.server (ARGOCD_SERVER)';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'The certificate is for other names: use one of them in argocd.server, or create a certificate for this name';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'Renew the certificate. If it is still valid, correct the clock of this machine';
  if (/CERT|SELF_SIGNED|VERIFY|ISSUER/.test(code))
    return 'The certificate is not trusted: set argocd.caFile to the file of the CA that signed it';
  if (code === 'ERR_INVALID_CHAR')
    return 'The token contains a character that cannot be sent: copy it again into ARGOCD_AUTH_TOKEN, as one line';
  if (!code.includes('TIMEDOUT')) return undefined;
  return sent
    ? 'No answer in time: check whether the server is overloaded, or set a longer limit (argocd.requestTimeoutMs; for refreshes worker.release.refreshTimeoutMs)'
    : 'No connection in time: check host and port in argocd.server (ARGOCD_SERVER), and the firewalls in between';
}
