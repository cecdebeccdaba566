// The connections that requests travel over: kept ones for reads, a new one for each POST, through a proxy where there
// is one.
import { Agent as HttpAgent, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Agents, Delays, RequestError, RequestFunction } from 'got';
import { ProxyError, requestThrough, TunnelAgent } from './proxy.ts';

export interface Connections {
  /** keep their connections */
  readonly kept: Agents;
  /** make a new connection for each request */
  readonly fresh: Agents;
  /** absent where requests are made as usual */
  readonly request?: RequestFunction;
  /** milliseconds until a connection stands */
  readonly timeouts: Delays;
  /** Whether the connection stood, so that the request may have arrived: got sends nothing before, and notes when it did. */
  stood(error: RequestError): boolean;
  /** Whether the proxy was not reached, or did not connect us. */
  byProxy(error: RequestError): boolean;
  /** Closes idle connections and ends those that are still connecting. */
  destroy(): void;
}

const connectTimeoutMs = 10_000;
const keeping = { keepAlive: true, maxSockets: 20 };
const timeouts = { lookup: connectTimeoutMs, connect: connectTimeoutMs, secureConnect: connectTimeoutMs };

export function createConnections(server: string, proxy?: URL): Connections {
  const secured = server.startsWith('https:');
  if (proxy !== undefined && secured) return tunnels(proxy);
  const http = proxy?.protocol === 'https:' ? new HttpsAgent(keeping) : new HttpAgent(keeping);
  const https = new HttpsAgent(keeping);
  const stood = ({ timings }: RequestError) =>
    (secured ? timings?.secureConnect : timings?.connect) !== undefined;
  return {
    kept: { http, https },
    fresh: { http: false, https: false },
    ...(proxy === undefined ? {} : { request: requestThrough(proxy) }),
    timeouts,
    stood,
    byProxy: (error) => proxy !== undefined && !stood(error),
    destroy: () => {
      http.destroy();
      https.destroy();
    },
  };
}

function tunnels(proxy: URL): Connections {
  const kept = new TunnelAgent(proxy, connectTimeoutMs, keeping);
  const fresh = new TunnelAgent(proxy, connectTimeoutMs, { keepAlive: false });
  return {
    kept: { https: kept },
    fresh: { https: fresh },
    timeouts,
    // The agent hands a tunnel over when TLS stands in it, so that its TLS has no moment of its own.
    stood: ({ timings }) => timings?.connect !== undefined,
    byProxy: ({ cause }) => cause instanceof ProxyError,
    destroy: () => {
      kept.destroy();
      fresh.destroy();
    },
  };
}

/** Calls `then` when the connection of a request stands, TLS included. */
export function whenItStands(request: ClientRequest, then: () => void): void {
  request.once('socket', (socket) => {
    // A tunnel is handed over when it stands.
    if (!socket.connecting) then();
    else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', then);
  });
}
