// The connections that requests travel over: kept ones for reads, a new one for each POST, through a proxy where there is one.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Agents, Delays, RequestError } from 'got';
import { proxyAgents } from './proxy.ts';

export interface Connections {
  /** keep their connections */
  readonly kept: Agents;
  /** make a new connection for each request */
  readonly fresh: Agents;
  /** milliseconds until a connection stands */
  readonly timeouts: Delays;
  /**
   * Whether the connection stood, so that the request may have arrived: nothing of it goes out before, and got notes
   * when that was.
   */
  stood(error: RequestError): boolean;
  /** Closes what is idle and ends what connects. */
  destroy(): void;
}

const connectTimeoutMs = 10_000;
const maxSockets = 20;

export function createConnections(server: string, proxy?: URL): Connections {
  const ending = new AbortController();
  const through = (url: URL, keepAlive: boolean) =>
    proxyAgents({
      proxy: url,
      keepAlive,
      // Those of POSTs do not wait for each other.
      maxSockets: keepAlive ? maxSockets : Number.POSITIVE_INFINITY,
      connectTimeoutMs,
      signal: ending.signal,
    });
  const kept =
    proxy === undefined
      ? {
          http: new HttpAgent({ keepAlive: true, maxSockets }),
          https: new HttpsAgent({ keepAlive: true, maxSockets }),
        }
      : through(proxy, true);
  // A tunnel is handed over when TLS stands in it, so that its TLS has no moment of its own.
  const secured = server.startsWith('https:') && proxy === undefined;
  return {
    kept,
    fresh: proxy === undefined ? { http: false, https: false } : through(proxy, false),
    timeouts: { lookup: connectTimeoutMs, connect: connectTimeoutMs, secureConnect: connectTimeoutMs },
    stood: ({ timings }) => (secured ? timings?.secureConnect : timings?.connect) !== undefined,
    destroy: () => {
      ending.abort();
      kept.http.destroy();
      kept.https.destroy();
    },
  };
}
