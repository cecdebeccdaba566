// The connections that requests travel over: kept ones for reads, a new one for each change, through a proxy where there
// is one. They are noted once they stand, TLS included: a request that fails before that was certainly not sent.
import { Agent as HttpAgent, type AgentOptions, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Agents, RequestError, RequestFunction } from 'got';
import { openTunnel, ProxyError, requestThrough } from './proxy.ts';

/** Awaited when the connection stands. What it throws ends the request, of which nothing went out. */
type Ready = () => Promise<void>;

export interface Connections {
  /** keep their connections */
  readonly kept: Agents;
  /** Make a new connection for each request. */
  fresh(ready?: Ready): Agents;
  /** absent where requests are made as usual */
  readonly request?: RequestFunction;
  /** Whether the connection stood, so that the request may have arrived. */
  stood(error: RequestError): boolean;
  /** Whether the proxy was not reached, or did not connect us. */
  byProxy(error: RequestError): boolean;
  /** Closes idle connections and ends those that are still connecting. */
  destroy(): void;
}

/** @param connectTimeoutMs without progress */
export function createConnections(server: string, proxy?: URL, connectTimeoutMs = 10_000): Connections {
  const secured = server.startsWith('https:');
  const tunnel = secured ? proxy : undefined;
  const connecting = new Set<ClientRequest | Socket>();
  const standing = new WeakSet<Socket>();

  const bounded = <Connecting extends ClientRequest | Socket>(each: Connecting): Connecting => {
    connecting.add(each);
    each.once('close', () => connecting.delete(each));
    each.setTimeout(connectTimeoutMs, () => each.destroy(new TimeUp('no connection in time')));
    return each;
  };

  /** Limits the time that the connection takes, and notes when it stands. */
  const watched = (socket: unknown): Socket => {
    if (!(socket instanceof Socket)) throw new TypeError('the connection is no socket');
    return bounded(socket).once(standsWith(socket), () => {
      socket.setTimeout(0);
      connecting.delete(socket);
      standing.add(socket);
    });
  };

  /** Through the tunnel, where there is one, and held until `ready`. */
  const open = async (
    connect: (by: { readonly socket?: Socket }) => Socket,
    options: RequestOptions,
    ready: Ready | undefined,
  ): Promise<Socket> => {
    const socket = connect(
      tunnel === undefined ? {} : { socket: await openTunnel(tunnel, options, bounded) },
    );
    try {
      await stands(socket);
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
          // Handed over and then destroyed, not as an error: for that, Node's agents would let the requests that wait for
          // a connection wait on, and fail the first of them once for each connection.
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

  const stood = ({ request }: RequestError) => request?.socket !== undefined && standing.has(request.socket);
  const kept = agents({ keepAlive: true, maxSockets: 20 });
  return {
    kept,
    fresh: (ready) => agents({ keepAlive: false }, ready),
    ...(proxy === undefined || secured ? {} : { request: requestThrough(proxy) }),
    stood,
    byProxy: (error) => proxy !== undefined && (secured ? error.cause instanceof ProxyError : !stood(error)),
    destroy: () => {
      for (const agent of Object.values(kept)) if (agent instanceof HttpAgent) agent.destroy();
      for (const each of connecting) each.destroy();
    },
  };
}

function standsWith(socket: Socket): 'connect' | 'secureConnect' {
  return socket instanceof TLSSocket ? 'secureConnect' : 'connect';
}

function stands(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed before it stood')));
    socket.once(standsWith(socket), () => resolve());
  });
}

/** @throws what `ready` throws, or an error where the server speaks or hangs up before anything was sent */
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
