// Requests through a proxy. An https:// request uses a tunnel that the proxy opens (CONNECT). An http:// request goes to
// the proxy itself, with the whole URL.
import { request as requestHttp, type ClientRequest } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { MakeRequest } from './failing-once.ts';

/** The proxy was not reached, or refused to connect to the server. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /** Node's error code or `proxyBusy`; empty: none */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The code of a refused CONNECT that may succeed a moment later. */
export const proxyBusy = 'ERR_PROXY_BUSY';
const busyStatuses = new Set([429, 502, 503, 504]);

/** The address of the proxy, and the login in its URL. */
function addressOf({ protocol, hostname, port, username, password }: URL) {
  const secured = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    request: secured ? requestHttps : requestHttp,
    at: { protocol, hostname: host, host, port: port === '' ? (secured ? 443 : 80) : port },
    login: login === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` },
  };
}

/** Makes got's http:// requests with whole URLs. The agent must match the proxy's protocol. */
export function requestThrough(proxy: URL): MakeRequest {
  const { request, at, login } = addressOf(proxy);
  return (url, options, callback) => {
    // The certificate options are for Argo CD, not for the proxy.
    const own = { ...at, path: url.href, ca: undefined, rejectUnauthorized: true };
    const sent = request({ ...options, ...own }, callback);
    for (const [name, value] of Object.entries({ ...login, host: url.host })) sent.setHeader(name, value);
    return sent;
  };
}

/**
 * @param options host and port that the tunnel leads to
 * @param bounded limits the time of the request
 * @returns the connection through the proxy, without TLS
 */
export function openTunnel(
  proxy: URL,
  options: Pick<RequestOptions, 'host' | 'port'>,
  bounded: (request: ClientRequest) => ClientRequest,
): Promise<Socket> {
  const { request, at, login } = addressOf(proxy);
  const host = options.host ?? 'localhost';
  const path = `${isIPv6(host) ? `[${host}]` : host}:${options.port ?? 443}`;
  const headers = { ...login, host: path };
  const connect = bounded(request({ ...at, method: 'CONNECT', path, headers, agent: false }));
  return new Promise((resolve, reject) => {
    connect.once('error', (error) =>
      reject(new ProxyError(error.message, 'code' in error ? String(error.code) : '')),
    );
    connect.once('connect', ({ statusCode = 0 }, socket) => {
      socket.setTimeout(0);
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      return reject(refusal(statusCode));
    });
    connect.end();
  });
}

function refusal(status: number): ProxyError {
  return new ProxyError(
    status === 407
      ? 'it answers HTTP 407: it requires a login. Put user:password@ before its host in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY'
      : `it answers HTTP ${status} to CONNECT`,
    busyStatuses.has(status) ? proxyBusy : '',
  );
}
