// The connections that requests travel over: kept ones for reads, a new one for each POST, through a proxy where there is one.
import { Agent as HttpAgent } from 'node:http';
import type { ClientRequest } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Agents, Delays, RequestError, RequestFunction } from 'got';
import { ProxyError, requestThrough, tunnelAgent } from './proxy.ts';

export interface Connections {
  /** keep their connections */
  readonly kept: Agents;
  /** make a new connection for each request */
  readonly fresh: Agents;
  /** where requests are not made as usual */
  readonly request: RequestFunction | undefined;
  /** milliseconds until a connection stands */
  readonly timeouts: Delays;
  /**
   * Whether the connection stood, so that the request may have arrived: nothing of it goes out before, and got notes
   * when that was.
   */
  stood(error: RequestError): boolean;
  /** Whether it was the proxy that was not reached, or did not connect us. */
  byProxy(error: RequestError): boolean;
  /** Closes what is idle and ends what connects. */
  destroy(): void;
}

const connectTimeoutMs = 10_000;
const about = { keepAlive: true, maxSockets: 20 };
const timeouts = { lookup: connectTimeoutMs, connect: connectTimeoutMs, secureConnect: connectTimeoutMs };

export function createConnections(server: string, proxy?: URL): Connections {
  const secured = server.startsWith('https:');
  if (proxy !== undefined && secured) return tunnels(proxy);
  const kept = {
    http: proxy?.protocol === 'https:' ? new HttpsAgent(about) : new HttpAgent(about),
    https: new HttpsAgent(about),
  };
  const stood = ({ timings }: RequestError) =>
    (secured ? timings?.secureConnect : timings?.connect) !== undefined;
  return {
    kept,
    fresh: { http: false, https: false },
    request: proxy === undefined ? undefined : requestThrough(proxy),
    timeouts,
    stood,
    byProxy: (error) => proxy !== undefined && !stood(error),
    destroy: () => {
      kept.http.destroy();
      kept.https.destroy();
    },
  };
}

function tunnels(proxy: URL): Connections {
  const ending = new AbortController();
  const options = { proxy, connectTimeoutMs, signal: ending.signal };
  const kept = tunnelAgent(options, about);
  return {
    kept: { https: kept },
    fresh: { https: tunnelAgent(options, { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY }) },
    request: undefined,
    timeouts,
    // A tunnel is handed over when TLS stands in it, so that its TLS has no moment of its own.
    stood: ({ timings }) => timings?.connect !== undefined,
    byProxy: ({ cause }) => cause instanceof ProxyError,
    destroy: () => {
      ending.abort();
      kept.destroy();
    },
  };
}

/** Calls `then` when the connection of a request stands, TLS included; where it never does, never. */
export function whenItStands(request: ClientRequest, then: () => void): void {
  request.once('socket', (socket) => {
    // A tunnel is handed over when it stands.
    if (!socket.connecting) then();
    else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', then);
  });
}
