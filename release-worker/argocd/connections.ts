// The connections of requests: kept-alive ones for reads, a new one for each change, through a proxy if there is one. A
// connection is noted once it is open, including TLS: a request that fails before that was certainly not sent.
import { Agent as HttpAgent, type AgentOptions, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Agents, RequestError } from 'got';
import { failingOnce, makeRequest, type MakeRequest } from './failing-once.ts';
import { openTunnel, ProxyError, requestThrough } from './proxy.ts';

/** Awaited once the connection is open. If it throws, nothing of the request is sent. */
type Ready = () => Promise<void>;

export interface Connections {
  /** agents that keep connections alive */
  readonly kept: Agents;
  /** Agents that open a new connection for each request. */
  fresh(ready?: Ready): Agents;
  readonly request: MakeRequest;
  /** Whether the connection was open, so that the request may have arrived. */
  wasOpen(error: RequestError): boolean;
  /** Whether the proxy was not reached, or refused to connect to the server. */
  byProxy(error: RequestError): boolean;
  /** Closes idle connections, and connections that are still being opened. */
  destroy(): void;
}

/** @param connectTimeoutMs longest time without progress */
export function createConnections(server: string, proxy?: URL, connectTimeoutMs = 10_000): Connections {
  const secured = server.startsWith('https:');
  const tunnel = secured ? proxy : undefined;
  const connecting = new Set<ClientRequest | Socket>();
  const opened = new WeakSet<Socket>();

  const bounded = <Connecting extends ClientRequest | Socket>(each: Connecting): Connecting => {
    connecting.add(each);
    each.once('close', () => connecting.delete(each));
    each.setTimeout(connectTimeoutMs, () => each.destroy(new TimeUp('no connection in time')));
    return each;
  };

  /** Limits the time to connect, and notes when the connection is open. */
  const watched = (socket: unknown): Socket => {
    if (!(socket instanceof Socket)) throw new TypeError('the connection is not a socket');
    return bounded(socket).once(openEventOf(socket), () => {
      socket.setTimeout(0);
      connecting.delete(socket);
      opened.add(socket);
    });
  };

  /** Opens the connection, through the tunnel if there is one, and holds it until `ready` has resolved. */
  const open = async (
    connect: (by: { readonly socket?: Socket }) => Socket,
    options: RequestOptions,
    ready: Ready | undefined,
  ): Promise<Socket> => {
    const socket = connect(
      tunnel === undefined ? {} : { socket: await openTunnel(tunnel, options, bounded) },
    );
    try {
      await untilOpen(socket);
      connecting.add(socket);
      await heldUntil(ready, socket);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    connecting.delete(socket);
    return socket;
  };

  const agentOf = <Kind extends HttpAgent>(agent: Kind, ready?: Ready): Kind => {
    const create = agent.createConnection.bind(agent);
    agent.createConnection = (options, handOver) => {
      const connect = (by: { readonly socket?: Socket }) => watched(create(Object.assign({}, options, by)));
      if (tunnel === undefined && ready === undefined) return connect({});
      open(connect, options, ready).then(
        (socket) => handOver?.(null, socket),
        (error: unknown) => {
          // The error is not passed to the callback: Node's agents would then leave waiting requests without a
          // connection, and fail the first of them once for each connection. So the request gets a socket that is destroyed
          // with the error.
          const failed = new Socket();
          handOver?.(null, failed);
          failed.destroy(error instanceof Error ? error : new Error(String(error)));
        },
      );
      return undefined;
    };
    return agent;
  };

  const agents = (options: AgentOptions, ready?: Ready): Agents => {
    if (secured) return { https: agentOf(new HttpsAgent(options), ready) };
    const agent = proxy?.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
    return { http: agentOf(agent, ready) };
  };

  const wasOpen = ({ request }: RequestError) => request?.socket !== undefined && opened.has(request.socket);
  const kept = agents({ keepAlive: true, maxSockets: 20 });
  return {
    kept,
    fresh: (ready) => agents({ keepAlive: false }, ready),
    request: failingOnce(proxy === undefined || secured ? makeRequest : requestThrough(proxy)),
    wasOpen,
    byProxy: (error) =>
      proxy !== undefined && (secured ? error.cause instanceof ProxyError : !wasOpen(error)),
    destroy: () => {
      for (const agent of Object.values(kept)) if (agent instanceof HttpAgent) agent.destroy();
      for (const each of connecting) each.destroy();
    },
  };
}

function openEventOf(socket: Socket): 'connect' | 'secureConnect' {
  return socket instanceof TLSSocket ? 'secureConnect' : 'connect';
}

function untilOpen(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed before it was open')));
    socket.once(openEventOf(socket), () => resolve());
  });
}

/** @throws the error of `ready`, or an error when the server sends data or closes before anything was sent */
async function heldUntil(ready: Ready | undefined, socket: Socket): Promise<void> {
  if (ready === undefined) return;
  let end = () => {};
  const early = new Promise<never>((_, reject) => {
    end = () => reject(new Error('the server ended the connection before anything was sent'));
    socket.once('readable', end).once('close', end);
  });
  try {
    await Promise.race([early, ready()]);
  } finally {
    socket.off('readable', end).off('close', end);
  }
}

class TimeUp extends Error {
  readonly code = 'ETIMEDOUT';
}
