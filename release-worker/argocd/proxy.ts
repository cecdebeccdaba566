// Requests through a proxy: https through a tunnel that the proxy opens (CONNECT), http as requests to the proxy itself.
import { request as requestHttp } from 'node:http';
import type { ClientRequest } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect as connectTls } from 'node:tls';
import type { Socket } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { RequestFunction } from 'got';

/** The proxy could not be reached, or does not connect us. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: string;
  /** of its answer to CONNECT */
  readonly status: number | undefined;

  constructor(message: string, options: { readonly code: string; readonly status?: number }) {
    super(message);
    this.code = options.code;
    this.status = options.status;
  }
}

const variables = 'HTTPS_PROXY, HTTP_PROXY or ALL_PROXY';

export interface ProxyOptions {
  readonly proxy: URL;
  /** milliseconds until the connection stands, TLS with the server included */
  readonly connectTimeoutMs: number;
  /** ends what is still connecting */
  readonly signal: AbortSignal;
}

/** Of the proxy's URL, without the login in it, which the agent would show when it is debugged. */
function split(proxy: URL): { readonly bare: URL; readonly headers: Record<string, string> } {
  const { username, password } = proxy;
  const bare = new URL(proxy);
  bare.username = '';
  bare.password = '';
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const given = username !== '' || password !== '';
  return { bare, headers: given ? { 'proxy-authorization': `Basic ${login.toString('base64')}` } : {} };
}

/**
 * Requests with whole URLs, by the agents that are made for the proxy. Not by http-proxy-agent 9.1, which writes the
 * head of a POST a second time behind its body, when got sends it.
 */
export function requestThrough(proxy: URL): RequestFunction {
  const { bare, headers } = split(proxy);
  const secured = bare.protocol === 'https:';
  return (url, options, callback) => {
    const request = (secured ? requestHttps : requestHttp)(
      {
        ...options,
        protocol: bare.protocol,
        hostname: hostOf(bare),
        host: hostOf(bare),
        port: bare.port === '' ? (secured ? 443 : 80) : bare.port,
        path: url.href,
        // Those are about Argo CD.
        ca: undefined,
        rejectUnauthorized: true,
      },
      callback,
    );
    for (const [name, value] of Object.entries({ ...headers, host: url.host }))
      request.setHeader(name, value);
    return request;
  };
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

export function tunnelAgent(
  options: ProxyOptions,
  about: { readonly keepAlive: boolean; readonly maxSockets: number },
): HttpsProxyAgent<Uri> {
  const { bare, headers } = split(options.proxy);

  const tunnel = async (request: ClientRequest, to: Target, signal: AbortSignal): Promise<Socket> => {
    const agent = new HttpsProxyAgent<Uri>(bare, { signal, headers });
    let status = 200;
    agent.once('proxyConnect', (answer: { readonly statusCode: number }) => {
      status = answer.statusCode;
    });
    let socket: Socket;
    try {
      socket = await agent.connect(request, {
        host: to.host ?? 'localhost',
        port: to.port,
        secureEndpoint: false,
      });
    } catch (error) {
      throw notReached(error, signal);
    }
    if (status === 200) return socket;
    socket.destroy();
    throw refusal(status);
  };

  class Tunnel extends HttpsProxyAgent<Uri> {
    override connect(request: ClientRequest, to: Target): Promise<Socket> {
      return within(options, async (signal) => {
        const socket = await tunnel(request, to, signal);
        // Not by HttpsProxyAgent, which hands the socket over before TLS stands, so that nobody could tell whether a
        // request that failed had been sent, and holds the certificate of an address against the name `localhost`.
        const secured = connectTls({ ...to, path: undefined, socket });
        await settled(secured, signal);
        return secured;
      });
    }
  }
  return new Tunnel(bare, about);
}

/** Only for the types of the agent's options. */
type Uri = `http:${string}`;
type Target = Parameters<HttpsProxyAgent<Uri>['connect']>[1];

/** Runs what connects with a signal that ends it in time, or when all is to end. */
async function within(
  { connectTimeoutMs, signal }: ProxyOptions,
  connect: (signal: AbortSignal) => Promise<Socket>,
): Promise<Socket> {
  const abort = new AbortController();
  const end = () => abort.abort();
  const timer = setTimeout(end, connectTimeoutMs);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await connect(abort.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

function settled(socket: ReturnType<typeof connectTls>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => socket.destroy(new ProxyTimeout('no TLS connection in time'));
    const fail = (error: Error) => done(error);
    const close = () => done(new Error('the connection was closed before TLS stood'));
    const ready = () => done();
    const done = (error?: Error) => {
      signal.removeEventListener('abort', end);
      socket.off('error', fail).off('close', close).off('secureConnect', ready);
      if (error === undefined) return resolve();
      // Whatever else it has to say: nobody listens any more.
      socket.on('error', () => {}).destroy();
      return reject(error);
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    socket.on('error', fail).on('close', close).on('secureConnect', ready);
  });
}

class ProxyTimeout extends Error {
  readonly code = 'ETIMEDOUT';
}

function notReached(error: unknown, signal: AbortSignal): ProxyError {
  if (signal.aborted) return new ProxyError('no connection in time', { code: 'ETIMEDOUT' });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new ProxyError(error instanceof Error ? error.message : '', { code });
}

function refusal(status: number): ProxyError {
  return new ProxyError(
    status === 407
      ? `it answers HTTP 407: it wants a login. Put user:password@ before its host in ${variables}`
      : `it answers HTTP ${status} to CONNECT`,
    { code: '', status },
  );
}
