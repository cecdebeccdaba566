// Requests through a proxy. https:// goes through a tunnel that the proxy opens (CONNECT). http:// goes to the proxy
// itself, with the whole URL.
import { request as requestHttp, type ClientRequest } from 'node:http';
import { Agent, request as requestHttps, type AgentOptions, type RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { RequestFunction } from 'got';

/** The proxy was not reached, or it does not connect us. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /** Node's code, `proxyBusy`, or empty */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The code of an answer to CONNECT that may be another one a moment later. */
export const proxyBusy = 'ERR_PROXY_BUSY';
const busyStatuses = new Set([429, 502, 503, 504]);

/** Where the proxy listens, and the login that its URL has. */
function addressOf({ protocol, hostname, port, username, password }: URL) {
  const secured = protocol === 'https:';
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    request: secured ? requestHttps : requestHttp,
    at: {
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (secured ? 443 : 80) : port,
    },
    login: login === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` },
  };
}

/** Makes got's requests for http:// with whole URLs. The agent must be one for the proxy's own protocol. */
export function requestThrough(proxy: URL): RequestFunction {
  const { request, at, login } = addressOf(proxy);
  return (url, options, callback) => {
    // The certificate options are for Argo CD, not for the proxy.
    const own = { ...at, host: at.hostname, path: url.href, ca: undefined, rejectUnauthorized: true };
    const sent = request({ ...options, ...own }, callback);
    for (const [name, value] of Object.entries({ ...login, host: url.host })) sent.setHeader(name, value);
    return sent;
  };
}

/**
 * Makes a tunnel for each connection to an https:// server. It hands a connection over only when TLS stands: what fails
 * before was certainly not sent. https-proxy-agent hands it over earlier.
 */
export class TunnelAgent extends Agent {
  readonly #proxy: ReturnType<typeof addressOf>;
  readonly #timeoutMs: number;
  readonly #connecting = new Set<ClientRequest | TLSSocket>();

  constructor(proxy: URL, timeoutMs: number, options: AgentOptions) {
    super(options);
    this.#proxy = addressOf(proxy);
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(
    options: RequestOptions,
    callback: (error: Error | null, socket?: Duplex) => void,
  ): undefined {
    const { request, at, login } = this.#proxy;
    const host = options.host ?? 'localhost';
    const port = Number(options.port ?? 443);
    const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const headers = { ...login, host: target };
    const connect = this.#bounded(request({ ...at, method: 'CONNECT', path: target, headers, agent: false }));
    connect.once('error', (error) => callback(new ProxyError(error.message, codeIn(error))));
    connect.once('connect', ({ statusCode = 0 }, socket) => {
      this.#connecting.delete(connect);
      socket.setTimeout(0);
      if (statusCode === 200)
        return this.#secure({ ...options, host, port, path: undefined, socket }, callback);
      socket.destroy();
      return callback(refusal(statusCode));
    });
    connect.end();
  }

  #secure(options: ConnectionOptions, callback: (error: Error | null, socket?: Duplex) => void): void {
    const secured = this.#bounded(connectTls(options));
    const fail = (error: Error) => callback(error);
    const closed = () => callback(new Error('the connection was closed before TLS stood'));
    secured.once('error', fail).once('close', closed);
    secured.once('secureConnect', () => {
      this.#connecting.delete(secured);
      secured.setTimeout(0).off('error', fail).off('close', closed);
      callback(null, secured);
    });
  }

  /** Ends it when nothing has come for too long, or when the agent is destroyed. */
  #bounded<Connecting extends ClientRequest | TLSSocket>(connecting: Connecting): Connecting {
    this.#connecting.add(connecting);
    connecting.once('close', () => this.#connecting.delete(connecting));
    connecting.setTimeout(this.#timeoutMs, () => connecting.destroy(new TimeUp('no connection in time')));
    return connecting;
  }

  override destroy(): void {
    for (const connecting of this.#connecting) connecting.destroy();
    super.destroy();
  }
}

class TimeUp extends Error {
  readonly code = 'ETIMEDOUT';
}

function codeIn(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

function refusal(status: number): ProxyError {
  return new ProxyError(
    status === 407
      ? 'it answers HTTP 407: it wants a login. Put user:password@ before its host in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY'
      : `it answers HTTP ${status} to CONNECT`,
    busyStatuses.has(status) ? proxyBusy : '',
  );
}
